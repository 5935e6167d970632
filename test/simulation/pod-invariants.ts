import { PODS, type Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { SimCluster } from '../support/sim-cluster.ts'
import { isActive, isReady } from './pod-readiness.ts'
import type { Violations } from './violations.ts'

/** How many Pods of the Deployment there must and may be. */
export interface Bounds {
  minAvailable: number
  maxPods: number
}

/** Follows every change of a Pod, and looks at what then runs. */
export class PodInvariants {
  /** Undefined: there is no promise now. */
  bounds: Bounds | undefined
  /** True while nothing fails: then a Pod's object goes last. */
  isCalm = true
  readonly #violations: Violations
  readonly #cluster: SimCluster
  readonly #pods = new Map<string, Persisted<Pod>>()
  readonly #nodeOf = new Map<string, string>()
  readonly #stop = new AbortController()

  constructor(cluster: SimCluster, violations: Violations) {
    this.#cluster = cluster
    this.#violations = violations
    void this.#watch()
  }

  stop(): void {
    this.#stop.abort()
  }

  /** What holds at any moment, whether or not a Pod has just changed. */
  check(): void {
    this.#oneOfEachRuns()
  }

  /** The Pod, if it is to run on this node as far as the store knows. */
  wantedOn(nodeName: string, uid: string): Persisted<Pod> | undefined {
    const pod = this.#pods.get(uid)
    return pod && isActive(pod) && pod.spec.nodeName === nodeName ? pod : undefined
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

  #deleted({ metadata }: Persisted<Pod>): void {
    this.#pods.delete(metadata.uid)
    const running = this.#cluster.agents.flatMap(({ runtime }) => runtime.running())
    if (this.isCalm && running.some(({ pod }) => pod.uid === metadata.uid)) {
      this.#violations.add('a Pod outlives its containers', `Pod ${metadata.name} is deleted while its containers run`)
    }
  }

  #boundOnce({ metadata, spec }: Persisted<Pod>): void {
    const before = this.#nodeOf.get(metadata.uid)
    if (before !== undefined && spec.nodeName !== before) {
      this.#violations.add('a Pod stays on its node', `Pod ${metadata.name} moved from ${before} to ${spec.nodeName}`)
    }
    if (spec.nodeName) this.#nodeOf.set(metadata.uid, spec.nodeName)
  }

  #withinBounds(): void {
    if (!this.bounds) return
    const alive = [...this.#pods.values()].filter(isActive)
    const available = alive.filter(isReady).length
    const { minAvailable, maxPods } = this.bounds
    if (available < minAvailable) this.#outOfBounds(`only ${available} Pods available, not ${minAvailable}`)
    if (alive.length > maxPods) this.#outOfBounds(`${alive.length} Pods at once, not ${maxPods}`)
  }

  /** Two sandboxes of one Pod, or two containers of one name in it, would both do its work. */
  #oneOfEachRuns(): void {
    const runtimes = this.#cluster.agents.map(({ runtime }) => runtime)
    const sandboxes = runtimes.flatMap((runtime) => [...runtime.sandboxes.values()].filter(({ running }) => running))
    const containers = runtimes.flatMap((runtime) => runtime.running())
    for (const name of repeated(sandboxes.map(({ pod }) => pod.name))) {
      this.#violations.add('one of each runs', `two running sandboxes of Pod ${name}`)
    }
    for (const name of repeated(containers.map(({ pod, name }) => `${name} of Pod ${pod.name}`))) {
      this.#violations.add('one of each runs', `two running containers ${name}`)
    }
  }

  /** What a Pod has come to is never taken back. */
  #onlyForward({ metadata, status }: Persisted<Pod>): void {
    const before = this.#pods.get(metadata.uid)?.status
    const [was, is] = [PHASES.indexOf(before?.phase ?? 'Pending'), PHASES.indexOf(status?.phase ?? 'Pending')]
    if (is < was || (was >= 2 && is !== was)) {
      this.#wentBack(`Pod ${metadata.name} went from ${before?.phase} to ${status?.phase}`)
    }
    if (restartsOf(status) < restartsOf(before)) this.#wentBack(`Pod ${metadata.name} forgot restarts`)
  }

  #wentBack(what: string): void {
    this.#violations.add('a Pod only goes forward', what)
  }

  #outOfBounds(what: string): void {
    this.#violations.add('Pods within bounds', what)
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
