import type { DeleteOptions } from '../../shared/api/generated/meta-v1.ts'
import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import type { FieldRequirement, Requirement } from '../../shared/selectors.ts'

/**
 * Objects with Kubernetes' rules over a store: defaults, validation, conflicts, generation, finalizers, deletion.
 * Every failure is an ApiError; a refused request changes nothing.
 */
export interface Registry {
  get(kind: Kind, key: NamespacedName): Promise<Entry>
  list(kind: Kind, options?: ListOptions): Promise<EntryList>
  /** Throws BadRequest at once on a selection it cannot serve, and Expired while iterated. Ends when `signal` aborts. */
  watch(kind: Kind, options: WatchOptions, signal: AbortSignal): AsyncIterable<EntryEvent>

  create(kind: Kind, object: KubeObject, options: WriteOptions & { namespace?: string }): Promise<Entry>

  /**
   * Computes the new object from the current one and writes it, again and again while others write in between.
   * `change` gets a frozen object and returns a new one. A `metadata.resourceVersion` in what it returns that is not
   * the current one ends in Conflict; the current one, or none, does not.
   * `area` says which part may change; what `change` alters elsewhere is ignored. A write that changes nothing is none:
   * the entry keeps its revision.
   */
  update(
    kind: Kind,
    key: NamespacedName,
    change: (current: Persisted<KubeObject>) => KubeObject | Promise<KubeObject>,
    options: WriteOptions & { area?: UpdateArea },
  ): Promise<Entry>

  /** Deletes, or starts the deletion where finalizers or a grace period stand before it. */
  delete(kind: Kind, key: NamespacedName, options: WriteOptions & { delete?: DeleteOptions }): Promise<Deletion>

  /** Deletes all that match, one by one; the list holds what matched. */
  deleteCollection(kind: Kind, options: ListOptions & WriteOptions & { delete?: DeleteOptions }): Promise<EntryList>
}

/**
 * `object`: all but the status. `status`: the status alone. `binding`: a Pod's `spec.nodeName`, once.
 * `resize`: the resources of a Pod's containers. `finalize`: a Namespace's `spec.finalizers`.
 */
export type UpdateArea = 'object' | 'status' | 'binding' | 'resize' | 'finalize' | 'ephemeralcontainers'

export interface NamespacedName {
  namespace?: string
  name: string
}

/** One version of one object, with its JSON made once and shared by all who send it. */
export interface Entry {
  readonly object: Persisted<KubeObject>
  /** UTF-8 JSON of `object`. */
  readonly json: Uint8Array
  readonly revision: number
}

export interface EntryList {
  readonly entries: readonly Entry[]
  /** The revision that the list shows; a watch goes on from it. */
  readonly revision: number
  readonly continue?: string
  readonly remainingItemCount?: number
}

/** `bookmark` says: nothing of interest up to `revision`. */
export type EntryEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly entry: Entry; readonly revision: number }
  | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEventsEnd?: boolean }

export interface Selection {
  namespace?: string
  labels?: readonly Requirement[]
  fields?: readonly FieldRequirement[]
}

export interface ListOptions extends Selection {
  limit?: number
  /** From the page before; all pages show the state of the first. */
  continue?: string
  /** Show the state at this revision (`resourceVersionMatch=Exact`); Expired where it is no longer known. */
  at?: number
}

export interface WatchOptions extends Selection {
  /** Events after this revision; absent or 0: first an ADDED for all that exists, then what follows. */
  after?: number
  bookmarks?: boolean
  /** First an ADDED for all that exists, whatever `after` says, ended by a bookmark that says so. */
  sendInitialEvents?: boolean
}

export interface WriteOptions {
  dryRun?: boolean
  /** Who writes, for managedFields. */
  fieldManager?: string
  /** Gets warnings meant for the user (HTTP `Warning` headers). */
  warn?: (message: string) => void
}

export interface Deletion {
  /** The object as it was last, or as it now is where its deletion waits for something. */
  entry: Entry
  /** False where finalizers or a grace period keep it for now. */
  gone: boolean
}
