import type { Client, ObjectList, Selection, WatchEvent } from '../../controlplane/client/client.ts'
import { storageKey, storagePrefix } from '../../controlplane/registry/storage-keys.ts'
import { type Kind, resourceNameOf } from '../../shared/api/kinds.ts'
import type { KubeObject } from '../../shared/api/object.ts'
import type { SimCluster } from '../support/sim-cluster.ts'
import type { Violations } from './violations.ts'
import { type WatchedEvent, WatchedStream } from './watched-stream.ts'

/** A watch may be so late, however slow its client; an event that is not there then will not come. */
const MAX_LAG_MS = 15_000

/**
 * Looks on at every list and watch of a client: each list must show the store as it was at its revision, each watch all
 * that was written after its own, once and in order. What was written is known from those who wrote it.
 */
export class WatchOracle {
  readonly #cluster: SimCluster
  readonly #violations: Violations
  #streams: WatchedStream[] = []
  #lists: { name: string; prefix: string; shown: string; revision: number }[] = []
  /** The history's length at some moments: what was there long ago must have been seen. */
  #moments: { atMs: number; revision: number }[] = []
  #read = 0

  constructor(cluster: SimCluster, violations: Violations) {
    this.#cluster = cluster
    this.#violations = violations
  }

  watch(client: Client): Client {
    const oracle = this
    return {
      ...client,
      async list<T extends KubeObject>(kind: Kind<T>, selection: Selection = {}) {
        const list = await client.list(kind, selection)
        oracle.#listed(kind, selection, list)
        return list
      },
      watch: (kind, options, signal) => this.#observe(kind, options, client.watch(kind, options, signal)),
    }
  }

  /** To be called while nothing is under way. */
  check(): void {
    this.#readOn()
    for (const list of this.#lists.splice(0)) this.#checkList(list)
    for (const stream of this.#streams) this.#checkStream(stream)
    this.#streams = this.#streams.filter(({ hasEnded }) => !hasEnded)
  }

  async *#observe<T extends KubeObject>(
    kind: Kind<T>,
    { resourceVersion, ...selection }: Selection & { resourceVersion: string },
    events: AsyncIterable<WatchEvent<T>>,
  ): AsyncGenerator<WatchEvent<T>> {
    const stream = new WatchedStream(kind, selection, Number(resourceVersion), this.#cluster.clock.now())
    for (const write of this.#cluster.store.history.slice(0, this.#read)) stream.written(write)
    this.#streams.push(stream)
    try {
      for await (const event of events) {
        stream.seen.push(watched(kind, event))
        yield event
      }
    } finally {
      stream.hasEnded = true
    }
  }

  #listed<T extends KubeObject>(kind: Kind<T>, selection: Selection, { items, resourceVersion }: ObjectList<T>): void {
    if (selection.labelSelector || selection.fields) return
    const shown = items.map(({ metadata }) => `${storageKey(kind, metadata)} ${metadata.resourceVersion}`)
    const prefix = storagePrefix(kind, selection.namespace)
    const name = `list of ${resourceNameOf(kind)}`
    this.#lists.push({ name, prefix, shown: shown.sort().join('\n'), revision: Number(resourceVersion) })
  }

  #readOn(): void {
    const { history } = this.#cluster.store
    for (const write of history.slice(this.#read)) for (const stream of this.#streams) stream.written(write)
    this.#read = history.length
    this.#moments.push({ atMs: this.#cluster.clock.now(), revision: history.at(-1)?.revision ?? 0 })
  }

  #checkList({ name, prefix, shown, revision }: { name: string; prefix: string; shown: string; revision: number }) {
    const state = new Map<string, number>()
    for (const write of this.#cluster.store.history) {
      if (write.revision > revision) break
      if (!write.key.startsWith(prefix)) continue
      if (write.value) state.set(write.key, write.revision)
      else state.delete(write.key)
    }
    const due = [...state].map(([key, written]) => `${key} ${written}`).sort()
    if (due.join('\n') !== shown)
      this.#violated(`${name} at ${revision} shows\n${shown}\ninstead of\n${due.join('\n')}`)
  }

  #checkStream(stream: WatchedStream): void {
    const wrong = stream.compare()
    const isNew = stream.sinceMs > this.#cluster.clock.now() - MAX_LAG_MS
    const overdue = stream.hasEnded || isNew ? undefined : stream.awaited
    if (wrong) this.#violated(`${stream.name}: ${wrong}`)
    else if (overdue && overdue.revision <= this.#longKnownRevision()) {
      this.#violated(`${stream.name}: ${overdue.type} ${overdue.key} at ${overdue.revision} never came`)
    }
  }

  #longKnownRevision(): number {
    const latestMs = this.#cluster.clock.now() - MAX_LAG_MS
    while ((this.#moments[1]?.atMs ?? Number.POSITIVE_INFINITY) <= latestMs) this.#moments.shift()
    const [oldest] = this.#moments
    return oldest && oldest.atMs <= latestMs ? oldest.revision : 0
  }

  #violated(what: string): void {
    this.#violations.add('a watch shows what happened', what)
  }
}

function watched<T extends KubeObject>(kind: Kind<T>, event: WatchEvent<T>): WatchedEvent {
  if (event.type === 'BOOKMARK') return { type: 'BOOKMARK', key: '', revision: Number(event.resourceVersion) }
  const { metadata } = event.object
  return { type: event.type, key: storageKey(kind, metadata), revision: Number(metadata.resourceVersion) }
}
