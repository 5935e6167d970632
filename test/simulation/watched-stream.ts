import type { Selection } from '../../controlplane/client/client.ts'
import { storagePrefix } from '../../controlplane/registry/storage-keys.ts'
import { type Kind, resourceNameOf } from '../../shared/api/kinds.ts'
import { matchesLabelSelector } from '../../shared/selectors.ts'
import type { AcknowledgedWrite } from '../support/recorded-store.ts'
import { objectOf } from './stored-object.ts'

/** One event as a watcher gets it, or as it should. */
export interface WatchedEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly key: string
  readonly revision: number
}

/** What one watch should show, worked out from the history of writes alone; and what it has shown. */
export class WatchedStream {
  readonly name: string
  readonly seen: WatchedEvent[] = []
  readonly due: WatchedEvent[] = []
  hasEnded = false
  readonly sinceMs: number
  readonly #prefix: string
  readonly #after: number
  readonly #selection: Selection
  /** Keys of objects that the selection has, with their last value. */
  readonly #inside = new Set<string>()
  #compared = 0
  #matched = 0

  constructor(kind: Kind, selection: Selection, after: number, sinceMs: number) {
    this.sinceMs = sinceMs
    this.name = `watch of ${resourceNameOf(kind)} ${JSON.stringify(selection)} after ${after}`
    this.#prefix = storagePrefix(kind, selection.namespace)
    this.#selection = selection
    this.#after = after
  }

  /** Takes in the next write of the history. All of it must pass here, from the first. */
  written({ key, revision, value }: AcknowledgedWrite): void {
    if (!key.startsWith(this.#prefix)) return
    const wasIn = this.#inside.has(key)
    const isIn = value !== undefined && this.#selects(value)
    if (isIn) this.#inside.add(key)
    else this.#inside.delete(key)
    if (revision <= this.#after || !(isIn || wasIn)) return
    this.due.push({ type: isIn ? (wasIn ? 'MODIFIED' : 'ADDED') : 'DELETED', key, revision })
  }

  /** What is wrong with what was seen since the last call. */
  compare(): string | undefined {
    for (const event of this.seen.slice(this.#compared)) {
      this.#compared++
      const next = this.due[this.#matched]
      if (event.type === 'BOOKMARK') {
        if (next && next.revision <= event.revision) return `${text(event)} came before ${text(next)}`
      } else if (!next || text(event) !== text(next)) {
        return `${text(event)} came instead of ${next ? text(next) : 'nothing'}`
      } else this.#matched++
    }
    return undefined
  }

  /** The next event that was not seen yet. */
  get awaited(): WatchedEvent | undefined {
    return this.due[this.#matched]
  }

  #selects(value: Uint8Array): boolean {
    const { labelSelector, fields } = this.#selection
    if (!labelSelector && !fields) return true
    const object = objectOf(value)
    const hasField = ([path, wanted]: [string, string]) => (fieldOf(object, path) ?? '') === wanted
    const isLabelled = !labelSelector || matchesLabelSelector(labelSelector, object.metadata.labels)
    return isLabelled && Object.entries(fields ?? {}).every(hasField)
  }
}

function fieldOf(object: object, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], object)
}

function text({ type, key, revision }: WatchedEvent): string {
  return `${type} ${key} at ${revision}`
}
