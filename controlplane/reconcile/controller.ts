import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject, ObjectKey, Persisted } from '../../shared/api/object.ts'

/**
 * Makes one kind of thing so. `reconcile` gets a key and looks at the current state, never at the event that woke it;
 * it may be called at any time, any number of times, and never twice at once for one key.
 */
export interface Controller {
  readonly name: string
  readonly watches: readonly Watch[]
  /** Keys worked on at the start, though no change wakes them: for controllers that make rounds by `requeueAfterMs`. */
  readonly initialKeys?: readonly ObjectKey[]
  /** Keys worked on at the same time; 1 unless told. */
  readonly concurrency?: number
  /** A throw is logged and tried again with backoff. */
  reconcile(key: ObjectKey, signal: AbortSignal): Promise<Requeue | undefined | void>
}

export interface Requeue {
  requeueAfterMs: number
}

/** Which keys a change of an object of `kind` wakes. `previous` is absent for a new object. */
export interface Watch<T extends KubeObject = KubeObject> {
  readonly kind: Kind<T>
  keysOf(change: Change<T>): Iterable<ObjectKey>
}

export type Change<T extends KubeObject> =
  | { type: 'added'; object: Persisted<T>; previous?: undefined }
  | { type: 'updated'; object: Persisted<T>; previous: Persisted<T> }
  | { type: 'deleted'; object: Persisted<T>; previous?: undefined }

/** Typed helper for an entry of `watches`. */
export function watch<T extends KubeObject>(kind: Kind<T>, keysOf: (change: Change<T>) => Iterable<ObjectKey>): Watch {
  return { kind, keysOf } as unknown as Watch
}
