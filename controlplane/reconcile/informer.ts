import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject, ObjectKey, Persisted } from '../../shared/api/object.ts'
import type { Change } from './controller.ts'

/** A local, read-only, eventually current copy of all objects of one kind. Its objects are shared: never change them. */
export interface Informer<T extends KubeObject> {
  /** True once the first list is in. */
  readonly synced: boolean
  get(key: ObjectKey): Persisted<T> | undefined
  list(namespace?: string): readonly Persisted<T>[]
  /** Objects for which the index function returned `value`. */
  byIndex(index: string, value: string): readonly Persisted<T>[]
  /** Declares an index; the same name twice is one index. */
  addIndex(name: string, valuesOf: (object: Persisted<T>) => readonly string[]): void
  /** Calls for everything there is, then for every change, in order, after the copy shows it. Returns the way to stop. */
  onChange(listener: (change: Change<T>) => void): () => void
}

/** One informer per kind, shared by all who ask. */
export interface Informers {
  of<T extends KubeObject>(kind: Kind<T>): Informer<T>
  /** Begins to list and watch every kind asked for, now and later, until `signal` aborts. */
  start(signal: AbortSignal): void
  /** Resolves when all that were asked for are synced; rejects when they are stopped before that. */
  whenSynced(): Promise<void>
}
