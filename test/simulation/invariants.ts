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
      this.#onlyForward(event.object)
      if (event.type === 'DELETED') this.#deleted(event.object)
      else this.#pods.set(event.object.metadata.uid, event.object)
      this.#boundOnce(event.object)
      this.#withinBounds()
      this.#oneOfEachRuns()
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

  /** Two sandboxes of one Pod, or two containers of one name in it, would both do its work. */
  #oneOfEachRuns(): void {
    const runtimes = this.#cluster.agents.map(({ runtime }) => runtime)
    const sandboxes = runtimes.flatMap((runtime) => [...runtime.sandboxes.values()].filter(({ running }) => running))
    const containers = runtimes.flatMap((runtime) => runtime.running())
    for (const name of repeated(sandboxes.map(({ pod }) => pod.name))) {
      this.#violated(`two running sandboxes of Pod ${name}`)
    }
    for (const name of repeated(containers.map(({ pod, name }) => `${name} of Pod ${pod.name}`))) {
      this.#violated(`two running containers ${name}`)
    }
  }

  /** What a Pod has come to is never taken back. */
  #onlyForward({ metadata, status }: Persisted<Pod>): void {
    const before = this.#pods.get(metadata.uid)?.status
    const [was, is] = [PHASES.indexOf(before?.phase ?? 'Pending'), PHASES.indexOf(status?.phase ?? 'Pending')]
    if (is < was || (was >= 2 && is !== was)) {
      this.#violated(`Pod ${metadata.name} went from ${before?.phase} to ${status?.phase}`)
    }
    if (restartsOf(status) < restartsOf(before)) this.#violated(`Pod ${metadata.name} forgot restarts`)
  }

  #violated(what: string): void {
    this.violations.push(`${new Date(this.#cluster.clock.now()).toISOString()} ${what}`)
  }
}

/** By how far a Pod has come; both ends are the last. */
const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed']

function restartsOf(status: Pod['status']): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0)
}

function repeated(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index)
}

export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
