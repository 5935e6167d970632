import type { PodStatus } from '../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { Backoff } from '../../shared/backoff.ts'
import type { Clock, Timer } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Assignments } from '../assignments.ts'
import type { ImagePuller } from '../images/image-puller.ts'
import type { Reporter } from '../reporter.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { ContainerStarter } from './container-starter.ts'
import type { Plan } from './plan.ts'
import { planFinish, planSync, planTermination } from './pod-actions.ts'
import { activeDeadlineMs, endByDeadline, endInApi } from './pod-end.ts'
import { PodEvents } from './pod-events.ts'
import { PodExecutor } from './pod-executor.ts'
import { isGone, observePod, type PodObservation, runningContainers } from './pod-observation.ts'
import { PodProbes } from './probes/pod-probes.ts'
import type { Prober } from './probes/prober.ts'
import { identityOf } from './spec/pod-identity.ts'
import { mergeStatus } from './status/merge-status.ts'
import { isTerminal } from './status/pod-phase.ts'
import { podStatus } from './status/pod-status.ts'
import type { PodEnd } from './status/status-input.ts'

/** A Pod's way on this node. It only ever goes forward. */
export type PodWorkerState =
  /** It is to run as its spec says. */
  | { phase: 'syncing' }
  /** It has come to its end, and waits to be deleted: what still runs is ended, nothing is started. */
  | { phase: 'finished'; end: PodEnd }
  /** It is deleted: everything of it has to go. */
  | { phase: 'terminating'; deadlineMs: number }
  | { phase: 'terminated' }

/** What all Pods of the node share. */
export interface NodeContext {
  runtime: Runtime
  images: ImagePuller
  prober: Prober
  reporter: Reporter
  clock: Clock
  log: Logger
  /** The node's addresses, the first of which is shown as `hostIP`. */
  hostIPs(): readonly string[]
  allocatable(): { cpu: string; memory: string }
  /** As of the newest word. */
  assignments(): Assignments
}

/** Looks again so often even when nothing happens. */
const RESYNC_MS = 60_000

/**
 * Brings one Pod to where it should be, and says how it is. Serial: one pass at a time looks at the runtime, plans,
 * reports and acts; whatever happens meanwhile asks for another pass. Nothing here waits for another Pod.
 */
export class PodWorker {
  readonly #node: NodeContext
  readonly #log: Logger
  readonly #events: PodEvents
  readonly #probes: PodProbes
  readonly #starter: ContainerStarter
  readonly #executor: PodExecutor
  readonly #faults = new Backoff({ initialMs: 1_000, maxMs: 30_000 })
  #pod: Persisted<Pod>
  #state: PodWorkerState = { phase: 'syncing' }
  #status: PodStatus | undefined
  #reported = ''
  #isStatusFinal = false
  #isAssigned = false
  #isRunning = false
  #isWoken = false
  #timer: Timer | undefined
  #stopped = false
  readonly #onTerminated: () => void

  constructor(node: NodeContext, pod: Persisted<Pod>, onTerminated: () => void) {
    this.#onTerminated = onTerminated
    const { runtime, images, clock, prober, reporter } = node
    this.#node = node
    this.#pod = pod
    this.#log = node.log.child({ pod: `${pod.metadata.namespace}/${pod.metadata.name}`, uid: pod.metadata.uid })
    this.#events = new PodEvents(reporter, pod)
    const wake = () => this.wake()
    this.#starter = new ContainerStarter({ runtime, images, clock, events: this.#events, onImage: wake })
    this.#executor = new PodExecutor({ node, events: this.#events, starter: this.#starter })
    this.#probes = new PodProbes({
      prober,
      clock,
      onChange: wake,
      onFailure: (container, message) => this.#events.container(container, 'Warning', 'Unhealthy', message),
    })
  }

  get pod(): Persisted<Pod> {
    return this.#pod
  }

  get state(): PodWorkerState {
    return this.#state
  }

  /** As it was last computed; before that, as the API has it. */
  get status(): PodStatus | undefined {
    return this.#status ?? this.#pod.status
  }

  /** The Pod's newest object. What could not be made for want of configuration is tried again at once. */
  assign(pod: Persisted<Pod>): void {
    const isNew = !this.#isAssigned || pod.metadata.resourceVersion !== this.#pod.metadata.resourceVersion
    this.#isAssigned = true
    this.#pod = pod
    const end = endInApi(pod)
    if (end && this.#state.phase === 'syncing') this.#state = { phase: 'finished', end }
    if (pod.metadata.deletionTimestamp) this.#terminate((pod.metadata.deletionGracePeriodSeconds ?? 30) * 1000)
    if (this.#executor.retryConfiguration() || isNew) this.wake()
  }

  /** The Pod is not to be on this node at all: its end is not waited for. */
  unassign(): void {
    this.#terminate(0)
    this.wake()
  }

  wake(): void {
    this.#isWoken = true
    if (!this.#isRunning && !this.#stopped) void this.#run()
  }

  /** Leaves the Pod as it is; for the agent's own end. */
  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#probes.freeze()
    this.#starter.stop()
  }

  #terminate(graceMs: number): void {
    if (this.#state.phase === 'terminated') return
    const deadlineMs = this.#node.clock.now() + graceMs
    const sooner = this.#state.phase === 'terminating' ? Math.min(this.#state.deadlineMs, deadlineMs) : deadlineMs
    this.#state = { phase: 'terminating', deadlineMs: sooner }
    this.#probes.freeze()
    this.#starter.stop()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#isWoken && !this.#stopped) {
      this.#isWoken = false
      await this.#guardedPass()
    }
    this.#isRunning = false
  }

  async #guardedPass(): Promise<void> {
    try {
      this.#wakeAfter(await this.#pass())
      this.#faults.reset()
    } catch (error) {
      this.#log.warn({ err: error }, 'could not bring the Pod to where it should be')
      this.#wakeAfter(this.#faults.next())
    }
  }

  /** Resolves with the time after which to look again. */
  async #pass(): Promise<number> {
    const { runtime, clock, hostIPs } = this.#node
    const observed = observePod(await runtime.list(this.#pod.metadata.uid))
    if (this.#stopped) return Number.POSITIVE_INFINITY
    this.#probes.sync(this.#pod, observed, hostIPs()[0], this.#pod.status)
    if (this.#state.phase !== 'syncing') this.#probes.freeze()
    const isRefused = this.#state.phase === 'syncing' && this.#executor.refuses(this.#pod)
    this.#advance(observed)
    const plan = isRefused ? { actions: [] } : this.#plan(observed)
    if (await this.#executor.execute(plan, observed, this.#pod)) this.#isWoken = true
    if (this.#state.phase === 'terminated') return Number.POSITIVE_INFINITY
    const wakesAtMs = [plan.wakeAtMs, activeDeadlineMs(this.#pod, this.#status)].filter((at) => at !== undefined)
    return Math.min(RESYNC_MS, ...wakesAtMs.map((at) => at - clock.now()).filter((delayMs) => delayMs > 0))
  }

  /** Reports, and moves on where what is seen says so. */
  #advance(observed: PodObservation): void {
    switch (this.#state.phase) {
      case 'syncing':
        this.#advanceSyncing(observed)
        break
      case 'finished':
        this.#report(this.#compute(observed), false)
        break
      case 'terminating':
        this.#advanceTerminating(observed)
        break
      case 'terminated':
        break
    }
  }

  #advanceSyncing(observed: PodObservation): void {
    const { clock } = this.#node
    const end = endByDeadline(activeDeadlineMs(this.#pod, this.status), clock.now())
    this.#report(this.#compute(observed, end), false)
    if (end) this.#events.pod('Normal', end.reason, end.message)
    if (end || isTerminal(this.#status?.phase)) this.#state = { phase: 'finished', end: end ?? {} }
  }

  /** The last status is the one with every container's end; what is removed after that takes nothing from it. */
  #advanceTerminating(observed: PodObservation): void {
    if (!this.#isStatusFinal) this.#report(this.#compute(observed), false)
    this.#isStatusFinal = runningContainers(observed).length === 0
    if (!isGone(observed)) return
    if (this.#status) this.#report(this.#status, true)
    this.#state = { phase: 'terminated' }
    this.#log.info('the Pod is gone from this node')
    this.#onTerminated()
  }

  #plan(observed: PodObservation): Plan {
    const { clock } = this.#node
    const memory = this.#executor.memory
    const situation = { pod: this.#pod, observed, memory, givenUp: this.#probes.givenUp(), nowMs: clock.now() }
    switch (this.#state.phase) {
      case 'syncing':
        return planSync(situation)
      case 'finished':
        return planFinish(situation)
      case 'terminating':
        return planTermination(situation, this.#state.deadlineMs)
      // A call that was given up may still have made something: it goes too.
      case 'terminated':
        return planTermination(situation, situation.nowMs)
    }
  }

  #compute(observed: PodObservation, end?: PodEnd): PodStatus {
    const previous = mergeStatus(this.#pod.status, this.#status)
    const ending = end ?? this.#ending(observed)
    return podStatus({
      pod: this.#pod,
      observed,
      memory: this.#executor.memory,
      probes: (id) => this.#probes.health(id),
      previous,
      hostIPs: this.#node.hostIPs(),
      ...(ending ? { ending } : {}),
      nowMs: this.#node.clock.now(),
    })
  }

  /** While a deleted Pod's containers still run it is shown as it is. */
  #ending(observed: PodObservation): PodEnd | undefined {
    switch (this.#state.phase) {
      case 'finished':
        return this.#state.end
      case 'terminating':
        return runningContainers(observed).length === 0 ? {} : undefined
      default:
        return undefined
    }
  }

  #report(status: PodStatus, terminated: boolean): void {
    this.#status = status
    this.#tellBackOff(status)
    const text = JSON.stringify([status, terminated])
    if (text === this.#reported) return
    this.#reported = text
    this.#node.reporter.podStatus({ ...identityOf(this.#pod), status, terminated })
  }

  #tellBackOff({ containerStatuses = [], initContainerStatuses = [] }: PodStatus): void {
    for (const { name, state, containerID } of [...initContainerStatuses, ...containerStatuses]) {
      if (state?.waiting?.reason === 'CrashLoopBackOff') this.#events.backOff({ name, id: containerID ?? '' })
    }
  }

  #wakeAfter(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#stopped || !Number.isFinite(delayMs)) return
    this.#timer = this.#node.clock.after(Math.max(0, delayMs), () => this.wake())
  }
}
