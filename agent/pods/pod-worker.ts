import type { PodStatus } from '../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Logger } from '../../shared/log.ts'
import { isFinalPhase } from '../../shared/pod-phase.ts'
import type { Eviction } from '../eviction/eviction-manager.ts'
import type { PodGlance } from '../runtime/runtime.ts'
import { WakeLoop } from '../wake-loop.ts'
import type { PlacedPod } from './admission/node-admission.ts'
import type { PodRefusal } from './admission/pod-admission.ts'
import type { NodeContext } from './node-context.ts'
import type { Plan } from './plan.ts'
import type { PodSituation } from './pod-actions.ts'
import { activeDeadlineMs, endByDeadline, endByEviction, endByRefusal, endInApi } from './pod-end.ts'
import {
  isAsObserved,
  isGone,
  observePod,
  type PodObservation,
  runningContainers,
  withoutSandbox,
} from './pod-observation.ts'
import { type PodParts, podParts } from './pod-parts.ts'
import { type PodWorkerState, planFor, terminatedBy } from './pod-worker-state.ts'
import { probedContainers } from './probes/probed-containers.ts'
import { mergeStatus } from './status/merge-status.ts'
import type { PodEnd } from './status/status-input.ts'

/** Looks again so often at a Pod that waits for something, also when nothing is heard of that. */
const RESYNC_MS = 300_000
/** And at one that waits for nothing: the runtime tells of what happens, and a look costs it something. */
const AT_REST_MS = 1_800_000
/** How often to see whether the node has room for what a Pod asks for now. */
const RESIZE_RETRY_MS = 10_000

/**
 * Brings one Pod to where it should be, and says how it is. Serial: one pass at a time looks at the runtime, reports,
 * plans and acts; whatever happens meanwhile asks for another pass. Nothing here waits for another Pod.
 */
export class PodWorker implements PlacedPod {
  readonly #node: NodeContext
  readonly #onTerminated: () => void
  readonly #log: Logger
  readonly #loop: WakeLoop
  readonly #parts: PodParts
  #pod: Persisted<Pod>
  #state: PodWorkerState = { phase: 'syncing' }
  #isAssigned = false
  #wasAdmitted = false
  #isStatusFinal = false
  /** What the runtime showed last. */
  #seen: PodObservation | undefined

  constructor(node: NodeContext, pod: Persisted<Pod>, onTerminated: () => void) {
    this.#node = node
    this.#pod = pod
    this.#onTerminated = onTerminated
    this.#log = node.log.child({ pod: `${pod.metadata.namespace}/${pod.metadata.name}`, uid: pod.metadata.uid })
    this.#loop = new WakeLoop({
      clock: node.clock,
      pass: () => this.#pass(),
      onFault: (err) => this.#log.warn({ err }, 'could not bring the Pod to where it should be'),
    })
    this.#parts = podParts({
      ...{ node, log: this.#log },
      pod: () => this.#pod,
      wake: () => this.wake(),
      onHealth: () => {
        this.#retell()
        this.wake()
      },
    })
  }

  get pod(): Persisted<Pod> {
    return this.#pod
  }

  /** With what its containers have been given, which differs from what they ask for while a resize waits. */
  get allocatedPod(): Persisted<Pod> {
    return this.#parts.resize.granted(this.#pod)
  }

  /** That, with its status as it was told last: the API's is of when the Pod was assigned. */
  get #knownPod(): Persisted<Pod> {
    const pod = this.allocatedPod
    const status = mergeStatus(pod.status, this.#parts.reporter.status)
    return status ? { ...pod, status } : pod
  }

  get state(): PodWorkerState {
    return this.#state
  }

  /** The node has taken it, and it has not come to its end. */
  get isAdmitted(): boolean {
    const { phase } = this.#state
    // Once its last status is told, the scheduler gives what it had to others.
    const isOver = phase !== 'syncing' && (phase !== 'terminating' || this.#isStatusFinal)
    return this.#wasAdmitted && !isOver
  }

  /** The node has taken it, or an earlier agent had, and it is not about to end. */
  get isToRun(): boolean {
    return this.#state.phase === 'syncing' && (this.#wasAdmitted || wasTaken(this.#pod))
  }

  /** What there is of it is what there was at the last look; `glance` is undefined where there is nothing. */
  isAsSeen(glance: PodGlance = new Map()): boolean {
    return this.#seen !== undefined && isAsObserved(this.#seen, glance)
  }

  /** Nothing of it was on the node at the last look. */
  get isGone(): boolean {
    return this.#seen !== undefined && isGone(this.#seen)
  }

  /** It is about to end, and something of it runs still, as far as is known. */
  get isEnding(): boolean {
    const isOver = this.#state.phase === 'finished' || this.#state.phase === 'terminating'
    return isOver && (this.#seen === undefined || runningContainers(this.#seen).length > 0)
  }

  /** As it was last computed; before that, as the API has it. */
  get status(): PodStatus | undefined {
    return this.#parts.reporter.status ?? this.#pod.status
  }

  /** The Pod's newest object. What could not be made for want of configuration is tried again at once. */
  assign(pod: Persisted<Pod>): void {
    const isNew = !this.#isAssigned || pod.metadata.resourceVersion !== this.#pod.metadata.resourceVersion
    this.#isAssigned = true
    this.#parts.executor.forgetReplaced(this.#pod, pod)
    this.#pod = pod
    const end = endInApi(pod)
    if (end && this.#state.phase === 'syncing') this.#state = { phase: 'finished', end }
    if (pod.metadata.deletionTimestamp) this.#terminate((pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000)
    const isRetried = this.#parts.executor.retryConfiguration()
    if (isRetried || isNew || this.#parts.executor.areVolumesOutdated(pod)) this.wake()
  }

  /** What could not be made for want of configuration is tried again at once. */
  retryConfiguration(): void {
    if (this.#parts.executor.retryConfiguration()) this.wake()
  }

  /** The Pod is not to be on this node at all: its end is not waited for. */
  unassign(): void {
    this.#terminate(0)
    this.wake()
  }

  /** Ends it for good; only what still is to run. */
  evict(eviction: Eviction): void {
    if (this.#state.phase !== 'syncing') return
    this.#parts.events.pod('Warning', eviction.reason, eviction.message)
    this.#state = { phase: 'finished', end: endByEviction(eviction) }
    this.#parts.starter.stop()
    this.wake()
  }

  /** Removes what is left of one that has come to its end, its logs included. True where that is news to it. */
  discard(): boolean {
    if (this.#state.phase !== 'finished' || this.#state.end.leavesNothing || this.isGone) return false
    this.#state = { phase: 'finished', end: { ...this.#state.end, leavesNothing: true } }
    this.wake()
    return true
  }

  wake(): void {
    this.#loop.wake()
  }

  /** Leaves the Pod as it is; for the agent's own end. */
  stop(): void {
    this.#loop.stop()
    this.#parts.probes.freeze()
    this.#parts.starter.stop()
    this.#parts.hooks.stop()
    this.#parts.drain.stop()
  }

  #terminate(graceMs: number): void {
    this.#state = terminatedBy(this.#node.clock.monotonic() + graceMs, this.#state)
    if (this.#state.phase === 'terminated') return
    this.#parts.probes.keepReadinessOnly()
    this.#parts.starter.stop()
  }

  /** Resolves with the time after which to look again. */
  async #pass(): Promise<number> {
    return this.#bringOn(await this.#observe())
  }

  /** A runtime that does not answer may have ended the Pod before it went: that is told, where it is seen. */
  async #observe(): Promise<PodObservation> {
    const { runtime } = this.#node
    try {
      return observePod(await runtime.list(this.#pod.metadata.uid))
    } catch (error) {
      const { sandbox } = this.#seen ?? {}
      if (this.#seen && sandbox && (await runtime.hasEnded(sandbox))) {
        this.#seen = withoutSandbox(this.#seen)
        this.#retell()
      }
      throw error
    }
  }

  /** From what was observed on. With a new sandbox it goes on at once: a start need not wait for another look. */
  async #bringOn(observed: PodObservation): Promise<number> {
    this.#seen = observed
    await this.#parts.messages.read(this.#pod, observed)
    if (this.#loop.isStopped) return Number.POSITIVE_INFINITY
    if (this.#state.phase === 'syncing') this.#parts.resize.decide(this.#pod)
    if (this.#state.phase === 'finished') this.#parts.probes.freeze()
    const probed = probedContainers(this.#pod, observed, this.#parts.executor.memory, this.#node.hostIPs())
    this.#parts.probes.sync(probed, this.#pod)
    const isRefused = this.#state.phase === 'syncing' && this.#parts.executor.refuses(this.#pod)
    this.#advance(observed)
    await this.#syncVolumes(observed, isRefused)
    const plan = isRefused ? { actions: [] } : this.#plan(observed)
    const { acted, sandbox } = await this.#parts.executor.execute(plan, observed, this.allocatedPod)
    if (sandbox) return this.#bringOn({ ...observed, sandbox, deadSandboxes: [] })
    return acted ? 0 : this.#restMs(plan)
  }

  async #syncVolumes({ sandbox }: PodObservation, isRefused: boolean): Promise<void> {
    if (this.#state.phase === 'syncing' && sandbox && !isRefused)
      await this.#parts.executor.syncVolumes(sandbox, this.#pod)
  }

  #restMs(plan: Plan): number {
    if (this.#state.phase === 'terminated') return Number.POSITIVE_INFINITY
    const { clock } = this.#node
    const { wakeAtMs = Number.POSITIVE_INFINITY } = plan
    const isActive = this.#state.phase === 'syncing'
    const deadlineMs = (isActive && activeDeadlineMs(this.#pod, this.status)) || Number.POSITIVE_INFINITY
    const isAtRest = plan.actions.length === 0 && wakeAtMs + deadlineMs === Number.POSITIVE_INFINITY
    const patienceMs = this.#parts.resize.pending ? RESIZE_RETRY_MS : isAtRest ? AT_REST_MS : RESYNC_MS
    // What has come about since the plan was made is done at once.
    return Math.max(0, Math.min(patienceMs, wakeAtMs - clock.monotonic(), deadlineMs - clock.now()))
  }

  /** Reports, and moves on where what is seen says so. */
  #advance(observed: PodObservation): void {
    switch (this.#state.phase) {
      case 'syncing':
        this.#advanceSyncing(observed)
        break
      case 'finished':
        this.#report(observed, this.#state.end)
        break
      case 'terminating':
        this.#advanceTerminating(observed)
        break
      case 'terminated':
        break
    }
  }

  #advanceSyncing(observed: PodObservation): void {
    const refusal = this.#refusal(observed)
    const deadline = endByDeadline(activeDeadlineMs(this.#pod, this.status), this.#node.clock.now())
    const end = refusal ? endByRefusal(refusal) : deadline
    const before = this.status
    const status = this.#report(observed, end)
    if (refusal) this.#parts.events.pod('Warning', refusal.reason, refusal.message)
    else if (deadline) this.#parts.events.pod('Normal', deadline.reason, deadline.message)
    const isOver = end !== undefined || isFinalPhase(status.phase)
    if (isOver) this.#state = { phase: 'finished', end: end ?? {} }
    else this.#tellResize(before, status)
  }

  #tellResize(before: PodStatus | undefined, after: PodStatus): void {
    for (const { type, reason, message } of this.#parts.resize.news(this.#pod, before, after)) {
      this.#parts.events.pod(type, reason, message)
    }
  }

  /** Asked once: what the node has taken it does not refuse, whatever changes, and whoever removed what there was of it. */
  #refusal(observed: PodObservation): PodRefusal | undefined {
    if (this.#wasAdmitted) return undefined
    const isNew = isGone(observed) && !wasTaken(this.#pod)
    const refusal = isNew ? this.#node.admission.admit(this.#pod) : undefined
    this.#wasAdmitted = refusal === undefined
    return refusal
  }

  /**
   * While containers still run the Pod is shown as it is. The status without any is the last: it has every container's
   * end, and what is removed after that takes nothing from it.
   */
  #advanceTerminating(observed: PodObservation): void {
    const isEnded = runningContainers(observed).length === 0
    if (!this.#isStatusFinal) this.#report(observed, isEnded ? {} : undefined)
    this.#isStatusFinal = isEnded
    if (!isGone(observed)) return
    this.#parts.reporter.reportTerminated(this.#pod)
    this.#state = { phase: 'terminated' }
    this.#log.info('the Pod is gone from this node')
    this.#onTerminated()
  }

  /** What the probes find does not wait for the runtime's next answer. */
  #retell(): void {
    const { phase } = this.#state
    const isOpen = phase === 'syncing' || (phase === 'terminating' && !this.#isStatusFinal)
    if (this.#seen && isOpen) this.#report(this.#seen, undefined)
  }

  #report(observed: PodObservation, ending: PodEnd | undefined): PodStatus {
    const pod = this.#knownPod
    const { pending } = this.#parts.resize
    return this.#parts.reporter.report({
      pod,
      observed,
      memory: this.#parts.executor.memory,
      probes: (id) => this.#parts.probes.health(id),
      message: (id) => this.#parts.messages.of(id),
      ...(ending ? { ending } : {}),
      ...(pending ? { resize: pending } : {}),
    })
  }

  /** Begins beside the preStop hooks. A Pod whose time is up, or of which nothing runs, has nothing to drain. */
  #draining(observed: PodObservation): Pick<PodSituation, 'drainUntilMs'> {
    if (this.#state.phase !== 'terminating') return {}
    const { deadlineMs } = this.#state
    const nowMs = this.#node.clock.monotonic()
    const hasTime = deadlineMs > nowMs && runningContainers(observed).length > 0
    if (hasTime) this.#parts.drain.begin(this.#pod, observed.sandbox?.id, nowMs)
    else this.#parts.drain.stop()
    const drainUntilMs = this.#parts.drain.untilMs(deadlineMs)
    return drainUntilMs === undefined ? {} : { drainUntilMs }
  }

  #plan(observed: PodObservation): Plan {
    const { clock } = this.#node
    const situation: PodSituation = {
      pod: this.#knownPod,
      observed,
      memory: this.#parts.executor.memory,
      givenUp: this.#parts.probes.givenUp(),
      isStarted: (id) => this.#parts.probes.health(id).started,
      nowMs: clock.now(),
      monotonicMs: clock.monotonic(),
      ...this.#draining(observed),
    }
    return planFor(this.#state, situation)
  }
}

/** An agent of this node has said that the Pod has started. */
function wasTaken({ status }: Pod): boolean {
  return status?.startTime !== undefined
}
