import { messageOf } from '../../shared/error-message.ts'
/**
 * The one place where objects are kept: an ordered map of keys to bytes with a single revision counter.
 * Needs no more than etcd offers (single-key compare-and-swap, prefix lists, watches from a revision).
 */
export interface Store {
  /** The revision of the newest commit that readers can see. Never runs backwards, not even over a restart. */
  readonly revision: number

  get(key: string): Promise<Stored | undefined>

  /**
   * Keys that start with `prefix`, in byte order (keys are ASCII), as of one revision.
   * @throws Compacted when the state at `page.at` is no longer known
   */
  list(prefix: string, page?: Page): Promise<Listing>

  /**
   * Writes if the key's revision is `expected` (0: the key must not exist). Resolves once the write would survive
   * a power cut, unless the key is volatile. The store keeps `value`: do not change it any more.
   * @throws RevisionMismatch when another write came first
   * @throws StoreUnavailable when it could not be made durable; then nothing was written
   * @throws OutcomeUnknown when nobody can tell whether it was; then the store takes no more writes
   */
  put(key: string, value: Uint8Array, expected: number): Promise<Stored>

  /** Deletes if the key exists with revision `expected`; resolves to the revision of the deletion. Throws like `put`. */
  delete(key: string, expected: number): Promise<number>

  /**
   * All changes under `prefix` with a revision above `after`, in order, without gap or repeat, until `signal` aborts
   * (then it just ends).
   * @throws Compacted when the changes since `after` are no longer held, or `after` is from another history
   */
  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<StoreEvent>

  close(): Promise<void>
}

/** An immutable version of one key. The same version is always the same JavaScript object. */
export interface Stored {
  readonly key: string
  readonly value: Uint8Array
  /** The revision that wrote this version. */
  readonly revision: number
}

export interface Page {
  limit?: number
  /** The last key of the page before. */
  after?: string
  /** Show the state as it was at this revision instead of now. */
  at?: number
}

export interface Listing {
  items: readonly Stored[]
  revision: number
  /** Keys under the prefix behind the last item; 0 on the last page. */
  remaining: number
}

export type StoreEvent =
  | { readonly type: 'put'; readonly stored: Stored; readonly previous: Stored | undefined; readonly revision: number }
  | { readonly type: 'delete'; readonly previous: Stored; readonly revision: number }

export class RevisionMismatch extends Error {
  readonly key: string
  /** The key's revision now; 0 where it does not exist. */
  readonly actual: number

  constructor(key: string, expected: number, actual: number) {
    super(`${key}: expected revision ${expected}, found ${actual}`)
    this.name = 'RevisionMismatch'
    this.key = key
    this.actual = actual
  }
}

export class Compacted extends Error {
  constructor(after: number, oldest: number) {
    super(`too old resource version: ${after} (${oldest})`)
    this.name = 'Compacted'
  }
}

export class StoreUnavailable extends Error {
  constructor(cause: unknown) {
    super(`the store is not available: ${messageOf(cause)}`, { cause })
    this.name = 'StoreUnavailable'
  }
}

/** Whether writes are on disk cannot be known any more: a sync failed, or who writes died. Only a new start can tell. */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super(`it is not known what is on disk: ${messageOf(cause)}`, { cause })
    this.name = 'OutcomeUnknown'
  }
}
