import { NODES, type Node } from '../../../shared/api/kinds.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Informers } from '../../reconcile/informer.ts'

/** A node that has got no further for so long holds up nobody, until it has caught up. */
export const LATE_MS = 5_000

export interface NodeProgressDeps {
  informers: Informers
  clock: Clock
}

interface Progress {
  /** The version that everything on the node goes by; 0: none of this control plane's. */
  applied: number
  /** Since when it could have got further and has not; undefined: it is up to date. */
  behindSinceMs: number | undefined
}

/** How far each node goes by the versions of the network. What it goes by it keeps while its agent is not connected. */
export class NodeProgress {
  readonly #deps: NodeProgressDeps
  readonly #nodes = new Map<string, Progress>()
  #published = 0

  constructor(deps: NodeProgressDeps) {
    this.#deps = deps
  }

  published(version: number): void {
    this.#published = version
    const nowMs = this.#deps.clock.monotonic()
    for (const name of this.#nodes.keys()) if (!this.#deps.informers.of(NODES).get(name)) this.#nodes.delete(name)
    for (const { metadata } of this.#deps.informers.of(NODES).list()) this.#of(metadata.name).behindSinceMs ??= nowMs
  }

  applied(nodeName: string, version: number): void {
    const node = this.#of(nodeName)
    if (version <= node.applied) return
    node.applied = version
    node.behindSinceMs = version < this.#published ? this.#deps.clock.monotonic() : undefined
  }

  /** The version that all nodes go by which are to be waited for: those that are Ready and not late. */
  slowest(): number {
    const waited = this.#waitedFor().map(({ applied }) => applied)
    return Math.min(this.#published, ...waited)
  }

  /** How long until a node that is behind counts as late; undefined where none is. */
  nextLateMs(): number | undefined {
    const nowMs = this.#deps.clock.monotonic()
    const delaysMs = this.#waitedFor().flatMap(({ behindSinceMs }) =>
      behindSinceMs === undefined ? [] : [behindSinceMs + LATE_MS - nowMs],
    )
    return delaysMs.length > 0 ? Math.min(...delaysMs) : undefined
  }

  #waitedFor(): Progress[] {
    const lateMs = this.#deps.clock.monotonic() - LATE_MS
    return this.#deps.informers
      .of(NODES)
      .list()
      .filter(isReady)
      .map(({ metadata }) => this.#of(metadata.name))
      .filter(({ behindSinceMs = Number.POSITIVE_INFINITY }) => behindSinceMs > lateMs)
  }

  #of(nodeName: string): Progress {
    const known = this.#nodes.get(nodeName)
    if (known) return known
    const node = { applied: 0, behindSinceMs: this.#deps.clock.monotonic() }
    this.#nodes.set(nodeName, node)
    return node
  }
}

/** One that is not has no say: what it sends is lost with it, or nobody knows. */
function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
