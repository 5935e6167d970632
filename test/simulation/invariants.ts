import { PODS, type Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { SimCluster } from '../support/sim-cluster.ts'

/** How many Pods of a Deployment there must and may be, while nothing fails. */
export interface Bounds {
  minAvailable: number
  maxPods: number
}

/** Watches a cluster, and remembers whatever must never be. */
export class Invariants {
  readonly violations: string[] = []
  /** Undefined: there is no promise now, since things fail, or the user has just changed their number. */
  bounds: Bounds | undefined
  readonly #cluster: SimCluster
  readonly #pods = new Map<string, Persisted<Pod>>()
  readonly #nodeOf = new Map<string, string>()
  readonly #stop = new AbortController()

  constructor(cluster: SimCluster) {
    this.#cluster = cluster
    void this.#watch()
  }

  stop(): void {
    this.#stop.abort()
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop
    for await (const event of this.#cluster.user.watch(PODS, { resourceVersion: '0' }, signal)) {
      if (event.type === 'BOOKMARK') continue
      if (event.type === 'DELETED') this.#deleted(event.object)
      else this.#pods.set(event.object.metadata.uid, event.object)
      this.#boundOnce(event.object)
      this.#withinBounds()
      this.#oneSandboxEach()
    }
  }

  /** While nothing fails, a Pod's object goes last. */
  #deleted({ metadata }: Persisted<Pod>): void {
    this.#pods.delete(metadata.uid)
    const running = this.#cluster.agents.flatMap(({ runtime }) => runtime.running())
    if (this.bounds && running.some(({ pod }) => pod.uid === metadata.uid)) {
      this.#violated(`Pod ${metadata.name} is deleted while its containers run`)
    }
  }

  #boundOnce({ metadata, spec }: Persisted<Pod>): void {
    const before = this.#nodeOf.get(metadata.uid)
    if (before !== undefined && spec.nodeName !== before) {
      this.#violated(`Pod ${metadata.name} moved from ${before} to ${spec.nodeName}`)
    }
    if (spec.nodeName) this.#nodeOf.set(metadata.uid, spec.nodeName)
  }

  #withinBounds(): void {
    if (!this.bounds) return
    const alive = [...this.#pods.values()].filter(({ metadata }) => !metadata.deletionTimestamp)
    const available = alive.filter(isReady).length
    if (available < this.bounds.minAvailable) this.#violated(`only ${available} Pods available`)
    if (alive.length > this.bounds.maxPods) this.#violated(`${alive.length} Pods at once`)
  }

  #oneSandboxEach(): void {
    const seen = new Set<string>()
    for (const { runtime } of this.#cluster.agents) {
      for (const { pod, running } of runtime.sandboxes.values()) {
        if (running && seen.has(pod.uid)) this.#violated(`two running sandboxes of Pod ${pod.name}`)
        if (running) seen.add(pod.uid)
      }
    }
  }

  #violated(what: string): void {
    this.violations.push(`${new Date(this.#cluster.clock.now()).toISOString()} ${what}`)
  }
}

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
