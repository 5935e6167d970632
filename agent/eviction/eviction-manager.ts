import type { Pod, PodStatus } from '../../shared/api/generated/core-v1.ts'
import type { Clock, Timer } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { EventReport } from '../../shared/protocol/frames.ts'
import { runtimeContainerId } from '../container-id.ts'
import { containerStatusesOf } from '../container-statuses.ts'
import type { ContainerUsage, Runtime } from '../runtime/runtime.ts'
import { evictionMessage } from './eviction-message.ts'
import { evictionOrder } from './eviction-order.ts'
import type { EvictionSignal, EvictionThreshold, Observation } from './eviction-threshold.ts'
import type { PodResourceUsage, StarvedResource } from './pod-resource-usage.ts'
import { limitsStorage, storageViolation } from './storage-limits.ts'

/** What the manager needs of the node's Pods. */
export interface EvictablePods {
  /** Those that are to run. */
  running(): readonly { pod: Pod; status: PodStatus | undefined }[]
  /** Ends a Pod for good, with the kubelet's reason. */
  evict(podUid: string, eviction: Eviction): void
  /** Nothing of the Pod is on the node any more. */
  isGone(podUid: string): boolean
}

export interface Eviction {
  /** `Preempting` for one that makes way for a critical Pod. */
  reason: 'Evicted' | 'Preempting'
  message: string
  /** How it is told by the condition DisruptionTarget, where not the Pod itself was the cause. */
  disruption?: string
  /** Instead of its own. */
  graceSeconds?: number
}

export interface EvictionManagerOptions {
  runtime: Pick<Runtime, 'usage' | 'diskUsage'>
  pods: EvictablePods
  /** The thresholds for which Pods have to go, as of the last look at the machine. */
  due(): readonly EvictionThreshold[]
  /** What a Pod is given at most to end at a soft threshold; below 0 what it asks for. */
  maxPodGraceSeconds: number
  /** Looks at the machine now: no Pod has to go for what was short a while ago. */
  look(): Promise<void>
  /** How much there is of what can run short, as it was seen last. */
  observations(): ReadonlyMap<EvictionSignal, Observation>
  /** Frees what can be freed without ending a Pod. Resolves with whether that was anything. */
  reclaim(resource: StarvedResource): Promise<boolean>
  event(event: EventReport): void
  clock: Clock
  log: Logger
}

const RESOURCES: Readonly<Record<EvictionSignal, StarvedResource>> = {
  'memory.available': 'memory',
  'nodefs.available': 'ephemeral-storage',
  'nodefs.inodesFree': 'inodes',
  'imagefs.available': 'ephemeral-storage',
  'imagefs.inodesFree': 'inodes',
  'pid.available': 'pids',
}

/** As short as the kubelet's: what a Pod uses is needed. */
const IMMEDIATE_SECONDS = 1
/** As often as the kubelet looks. */
const ROUND_MS = 10_000
/** As long as the kubelet waits at least for an evicted Pod to end, and then for what is left of it to be removed. */
const MIN_KILL_MS = 10_000
const CLEANUP_MS = 30_000
/** Measuring disks takes no more than one part of the time in so many, unless who writes would then not be looked at for too long. */
const MEASURING_SHARE = 200
const LONGEST_PAUSE_MS = 120_000

/**
 * Ends Pods where the node runs short, one in a round, and Pods that write more than they may. What Pods use is
 * measured only then, and of Pods whose storage is limited.
 */
export class EvictionManager {
  readonly #options: EvictionManagerOptions
  #timer: Timer | undefined
  #isBusy = false
  #leaving: { podUid: string; untilMs: number } | undefined
  /** On the monotonic clock. */
  #measureAgainMs = 0

  constructor(options: EvictionManagerOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = this.#options.clock.every(ROUND_MS, () => void this.#round())
  }

  stop(): void {
    this.#timer?.cancel()
  }

  async #round(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    try {
      if (!(await this.#evictViolators())) await this.#relievePressure()
    } catch (error) {
      this.#options.log.warn({ err: error }, 'could not see to evictions')
    } finally {
      this.#isBusy = false
    }
  }

  /** True where any had to go. */
  async #evictViolators(): Promise<boolean> {
    const { clock, pods } = this.#options
    const limited = pods.running().filter(({ pod }) => limitsStorage(pod))
    const startedMs = clock.monotonic()
    if (limited.length === 0 || startedMs < this.#measureAgainMs) return false
    let isAnyEvicted = false
    for (const candidate of limited) {
      const message = await this.#violationOf(candidate)
      if (message === undefined) continue
      this.#evict(candidate.pod, { reason: 'Evicted', message, graceSeconds: IMMEDIATE_SECONDS })
      isAnyEvicted = true
    }
    const endedMs = clock.monotonic()
    this.#measureAgainMs = endedMs + Math.min((endedMs - startedMs) * MEASURING_SHARE, LONGEST_PAUSE_MS)
    return isAnyEvicted
  }

  /** What cannot be measured now must not keep the node from getting what it is short of. */
  async #violationOf(candidate: { pod: Pod; status: PodStatus | undefined }): Promise<string | undefined> {
    try {
      return storageViolation(await this.#measure(candidate, new Map(), true))
    } catch (err) {
      const { namespace, name, uid } = candidate.pod.metadata
      this.#options.log.warn({ err, pod: `${namespace}/${name}`, uid }, 'could not see what a Pod has written')
      return undefined
    }
  }

  /** Memory first: it cannot wait. */
  async #relievePressure(): Promise<void> {
    const { event, reclaim, look } = this.#options
    if (this.#options.due().length === 0 || this.#isOneLeaving()) return
    await look()
    const due = this.#options.due()
    const threshold = due.find(({ signal }) => signal === 'memory.available') ?? due[0]
    const observation = threshold && this.#options.observations().get(threshold.signal)
    if (!threshold || !observation) return
    const resource = RESOURCES[threshold.signal]
    event({ type: 'Warning', reason: 'EvictionThresholdMet', message: `Attempting to reclaim ${resource}` })
    if (await reclaim(resource)) return
    const [first] = evictionOrder(await this.#measureAll(resource), resource)
    if (!first) return
    const message = evictionMessage(resource, threshold, observation, first)
    const graceSeconds = threshold.graceMs === undefined ? IMMEDIATE_SECONDS : this.#softGraceSeconds(first.pod)
    this.#evict(first.pod, { reason: 'Evicted', message, disruption: message, graceSeconds })
    const untilMs = this.#options.clock.monotonic() + Math.max(1500 * graceSeconds, MIN_KILL_MS) + CLEANUP_MS
    this.#leaving = { podUid: first.pod.metadata.uid ?? '', untilMs }
  }

  /** What it has is not free before it is gone; one that cannot be removed must not keep others for ever. */
  #isOneLeaving(): boolean {
    if (!this.#leaving) return false
    const { podUid, untilMs } = this.#leaving
    if (this.#options.pods.isGone(podUid) || this.#options.clock.monotonic() >= untilMs) this.#leaving = undefined
    return this.#leaving !== undefined
  }

  #softGraceSeconds({ spec }: Pod): number {
    const { maxPodGraceSeconds: most } = this.#options
    const own = spec?.terminationGracePeriodSeconds ?? 30
    return most < 0 ? own : Math.max(Math.min(own, most), IMMEDIATE_SECONDS)
  }

  async #measureAll(resource: StarvedResource): Promise<PodResourceUsage[]> {
    const { pods, runtime } = this.#options
    const running = pods.running()
    const isOfDisk = resource === 'ephemeral-storage' || resource === 'inodes'
    const ids = running.flatMap(({ status }) => runningContainers(status).map(({ id }) => id))
    const usages = isOfDisk ? new Map<string, ContainerUsage>() : await runtime.usage(ids)
    const measured: PodResourceUsage[] = []
    for (const candidate of running) measured.push(await this.#measure(candidate, usages, isOfDisk))
    return measured
  }

  async #measure(
    { pod, status }: { pod: Pod; status: PodStatus | undefined },
    usages: ReadonlyMap<string, ContainerUsage>,
    withDisk: boolean,
  ): Promise<PodResourceUsage> {
    const disk = withDisk ? await this.#options.runtime.diskUsage(pod.metadata.uid ?? '') : undefined
    const containers = runningContainers(status).map(({ name, id }) => ({
      name,
      memoryBytes: usages.get(id)?.workingSetBytes ?? 0,
      processes: usages.get(id)?.processes ?? 0,
      diskBytes: disk?.containers.get(id) ?? 0,
    }))
    return { pod, containers, volumeBytes: disk?.volumes ?? new Map() }
  }

  #evict(pod: Pod, eviction: Eviction): void {
    const { namespace, name, uid = '' } = pod.metadata
    this.#options.log.warn({ pod: `${namespace}/${name}`, uid, why: eviction.message }, 'evicting a Pod')
    this.#options.pods.evict(uid, eviction)
  }
}

function runningContainers(status: PodStatus | undefined): { name: string; id: string }[] {
  return containerStatusesOf(status).flatMap(({ name, state, containerID }) => {
    const id = runtimeContainerId(containerID)
    return state?.running && id !== undefined ? [{ name, id }] : []
  })
}
