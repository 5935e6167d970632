import { isApiError } from '../../shared/api/api-error.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Clock, Timer } from '../../shared/clock.ts'
import { messageOf } from '../../shared/error-message.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../reconcile/event-recorder.ts'
import type { Informers } from '../reconcile/informer.ts'
import { Cluster } from './cluster.ts'
import { ConditionWriter } from './condition-writer.ts'
import { SchedulingCycle } from './cycle.ts'
import type { Fitting } from './decision.ts'
import { takeIn } from './intake.ts'
import type { NodeInfo } from './node-info.ts'
import { plugins } from './plugins/index.ts'
import { type Outcome, Preemptor } from './preemption/preemptor.ts'
import { type QueuedPod, SchedulingQueue } from './queue.ts'
import { saysUnscheduled, type Unscheduled } from './scheduled-condition.ts'
import { VolumeBinder } from './volume-binder.ts'
import { Waker } from './waker.ts'

export interface SchedulerDeps {
  client: Client
  informers: Informers
  clock: Clock
  random: Random
  log: Logger
  eventRecorder: EventRecorder
}

/** Cycles run this long at a stretch; then whatever else the process has to do gets its turn. */
const SLICE_MS = 5
/** While so many bindings wait for the API, further decisions would only be made too early. */
const MAX_BINDINGS = 1_000

/**
 * Gives every Pod that waits for a node the best one, from the moment all informers are synced until `stop` aborts.
 * Resolves when the last binding is through.
 */
export async function startScheduler(deps: SchedulerDeps, stop: AbortSignal): Promise<void> {
  const scheduler = new Scheduler(deps)
  const stopIntake = takeIn(deps.informers, scheduler.cluster, scheduler.queue)
  const stopped = new Promise<void>((resolve) => {
    stop.addEventListener('abort', () => resolve(), { once: true })
    if (stop.aborted) resolve()
  })
  await Promise.race([deps.informers.whenSynced().catch(() => stopped), stopped])
  if (!stop.aborted) scheduler.start()
  await stopped
  stopIntake()
  await scheduler.stop()
}

class Scheduler {
  readonly cluster: Cluster
  readonly queue: SchedulingQueue
  readonly #deps: SchedulerDeps
  readonly #cycle: SchedulingCycle
  readonly #volumes: VolumeBinder
  readonly #preemptor: Preemptor
  readonly #conditions: ConditionWriter
  readonly #bindings = new Set<Promise<void>>()
  #running = false
  #next: Timer | undefined

  constructor(deps: SchedulerDeps) {
    this.#deps = deps
    this.#conditions = new ConditionWriter(deps)
    this.cluster = new Cluster((change) => {
      this.queue.changed(change)
      if (change.type === 'storageChanged') this.#volumes.changed()
      else if (change.type === 'nodeRemoved') this.#preemptor.nodeRemoved(change.node.name)
    })
    this.#volumes = new VolumeBinder(deps.client, deps.clock, this.cluster.storage)
    const waker = new Waker(plugins.filters, this.cluster)
    this.queue = new SchedulingQueue(deps.clock, {
      waker,
      onDue: () => this.#runSoon(),
      onGated: (pod) => this.#noteGated(pod),
    })
    this.#preemptor = new Preemptor(deps, plugins.filters, this.cluster, (uid) => this.queue.retry(uid))
    this.#cycle = new SchedulingCycle(plugins, this.cluster, deps.random)
  }

  start(): void {
    this.#running = true
    this.#runSoon()
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#next?.cancel()
    this.queue.close()
    this.#volumes.changed()
    await Promise.all([...this.#bindings, this.#preemptor.stop()])
  }

  get #mayDecide(): boolean {
    return this.#bindings.size < MAX_BINDINGS
  }

  #runSoon(): void {
    if (!this.#running || this.#next) return
    this.#next = this.#deps.clock.after(0, () => {
      this.#next = undefined
      this.#run()
    })
  }

  #run(): void {
    const { clock } = this.#deps
    const endMs = clock.monotonic() + SLICE_MS
    while (this.#mayDecide && clock.monotonic() <= endMs) {
      const queued = this.queue.pop()
      if (!queued) return
      this.#schedule(queued)
    }
    if (this.#mayDecide) this.#runSoon()
  }

  #schedule(queued: QueuedPod): void {
    const decision = this.#decide(queued)
    if (!decision) this.queue.failed(queued)
    else if ('fits' in decision) this.#bindSoon(queued, decision.node)
    else {
      const { refusedBy, ...why } = decision
      this.queue.refused(queued, refusedBy)
      this.#tell(queued.info.pod, { reason: 'Unschedulable', ...why })
    }
  }

  /** Undefined where a plugin failed: that is a fault of ours, and one Pod's fault must not hold up the others. */
  #decide({ info }: QueuedPod): Fitting | Outcome | undefined {
    try {
      const decision = this.#cycle.decide(info)
      if (!decision.fits) return this.#preemptor.makeRoom(info, decision)
      this.cluster.assume(info, decision.node)
      return decision
    } catch (error) {
      this.#deps.log.error({ pod: info.key, err: error }, 'scheduling cycle failed')
      return undefined
    }
  }

  #bindSoon(queued: QueuedPod, node: NodeInfo): void {
    const binding = this.#bind(queued, node).finally(() => {
      const mayGoOn = !this.#mayDecide
      this.#bindings.delete(binding)
      if (mayGoOn) this.#runSoon()
    })
    this.#bindings.add(binding)
  }

  /** The Pod stays in the queue, handed out, until the informer shows it bound or gone. */
  async #bind(queued: QueuedPod, node: NodeInfo): Promise<void> {
    const { client, eventRecorder, log } = this.#deps
    const { pod, uid, key } = queued.info
    try {
      await this.#volumes.bind(pod, node, () => this.#running && this.cluster.holds(uid))
      await client.bind(pod, node.name)
      eventRecorder.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${node.name}`)
    } catch (error) {
      log.debug({ pod: key, node: node.name, err: error }, 'not bound')
      this.cluster.forget(uid)
      this.queue.failed(queued)
      if (this.queue.infoOf(uid)) this.cluster.nominations.follow(undefined, queued.info)
      // Bound by somebody else, changed or gone: the informer will show it in a moment.
      if (isApiError(error, 'Conflict') || isApiError(error, 'NotFound')) return
      const message = `binding rejected: ${messageOf(error)}`
      this.#tell(pod, { reason: 'SchedulerError', message })
    }
  }

  #noteGated(pod: Persisted<Pod>): void {
    const message = 'Scheduling is blocked due to non-empty scheduling gates'
    this.#conditions.write(pod, { reason: 'SchedulingGated', message })
  }

  /** Says it once: an attempt that ends as the one before writes nothing. */
  #tell(pod: Persisted<Pod>, why: Unscheduled): void {
    if (!saysUnscheduled(pod, why)) {
      this.#deps.eventRecorder.event(pod, 'Warning', 'FailedScheduling', why.message)
    }
    this.#conditions.write(pod, why)
  }
}
