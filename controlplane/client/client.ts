import type { DeleteOptions } from '../../shared/api/generated/meta-v1.ts'
import type { Kind, Pod } from '../../shared/api/kinds.ts'
import type { KubeObject, LabelSelector, Persisted } from '../../shared/api/object.ts'

/**
 * The API as controllers, scheduler and node sessions see it. All failures are ApiErrors
 * (NotFound, Conflict, AlreadyExists, Invalid, Expired ...). What it returns is shared: never change it, take a `draft`.
 */
export interface Client {
  get<T extends KubeObject>(kind: Kind<T>, key: Key): Promise<Persisted<T>>
  list<T extends KubeObject>(kind: Kind<T>, options?: Selection): Promise<ObjectList<T>>

  /** Changes after `resourceVersion`. Throws Expired when they are no longer held: list again. Ends when `signal` aborts. */
  watch<T extends KubeObject>(
    kind: Kind<T>,
    options: Selection & { resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>

  create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<Persisted<T>>

  /** Writes all but the status; Conflict unless `object.metadata.resourceVersion` is the newest. */
  update<T extends KubeObject>(kind: Kind<T>, object: Persisted<T>): Promise<Persisted<T>>
  /** Writes the status alone; Conflict likewise. */
  updateStatus<T extends KubeObject>(kind: Kind<T>, object: Persisted<T>): Promise<Persisted<T>>

  /**
   * Reads, changes and writes until no other write comes between. `change` gets a draft that it may alter in place;
   * it returns false to leave all as it is. Resolves to the object as it then stands.
   */
  modify<T extends KubeObject>(
    kind: Kind<T>,
    key: Key,
    change: (draft: Persisted<T>) => false | void,
    options?: { status?: boolean },
  ): Promise<Persisted<T>>

  delete<T extends KubeObject>(kind: Kind<T>, key: Key, options?: DeleteOptions): Promise<void>

  /** Sets `spec.nodeName` once and for all. Conflict where it is set already. */
  bind(pod: Persisted<Pod>, nodeName: string): Promise<void>

  /** Takes `kubernetes` off a Namespace's `spec.finalizers`: nothing is left inside and it may go. */
  finalizeNamespace(name: string): Promise<void>
}

export interface Key {
  namespace?: string
  name: string
}

export interface Selection {
  namespace?: string
  labelSelector?: LabelSelector
  /** Such as `{ 'spec.nodeName': 'n1' }`. */
  fields?: Readonly<Record<string, string>>
}

export interface ObjectList<T extends KubeObject> {
  items: readonly Persisted<T>[]
  resourceVersion: string
}

export type WatchEvent<T extends KubeObject> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: Persisted<T> }
  | { type: 'BOOKMARK'; resourceVersion: string }
