import type { NodeContext } from './node-context.ts'
import type { Plan } from './plan.ts'
import type { PodSituation } from './pod-actions.ts'
import { activeDeadlineMs } from './pod-end.ts'
import { observePod, type PodObservation, runningContainers, withoutSandbox } from './pod-observation.ts'
import type { PodParts } from './pod-parts.ts'
import type { PodProgress } from './pod-progress.ts'
import type { PodStanding } from './pod-standing.ts'
import { planFor } from './pod-worker-state.ts'
import { probedContainers } from './probes/probed-containers.ts'

/** Looks again so often at a Pod that waits for something, also when nothing is heard of that. */
const RESYNC_MS = 300_000
/** And at one that waits for nothing: the runtime tells of what happens, and a look costs it something. */
const AT_REST_MS = 1_800_000
/** How often to see whether the node has room for what a Pod asks for now. */
const RESIZE_RETRY_MS = 10_000

export interface PodPassOptions {
  node: NodeContext
  parts: PodParts
  standing: PodStanding
  progress: PodProgress
  /** The agent ends: the Pod is to be left as it is. */
  isStopped(): boolean
}

/** The passes over one Pod: each looks at the runtime, reports, plans and acts. */
export class PodPass {
  readonly #options: PodPassOptions

  constructor(options: PodPassOptions) {
    this.#options = options
  }

  /** Resolves with the time after which to look again. */
  async run(): Promise<number> {
    return this.#bringOn(await this.#observe())
  }

  /** A runtime that does not answer may have ended the Pod before it went: that is told, where it is seen. */
  async #observe(): Promise<PodObservation> {
    const { node, standing, progress } = this.#options
    try {
      return observePod(await node.runtime.list(standing.pod.metadata.uid))
    } catch (error) {
      const { sandbox } = standing.seen ?? {}
      if (standing.seen && sandbox && (await node.runtime.hasEnded(sandbox))) {
        standing.seen = withoutSandbox(standing.seen)
        progress.retell()
      }
      throw error
    }
  }

  /** From what was observed on. With a new sandbox it goes on at once: a start need not wait for another look. */
  async #bringOn(observed: PodObservation): Promise<number> {
    const { parts, standing, progress, isStopped } = this.#options
    standing.seen = observed
    await parts.messages.read(standing.pod, observed)
    if (isStopped()) return Number.POSITIVE_INFINITY
    if (standing.state.phase === 'syncing') parts.resize.decide(standing.pod)
    this.#syncProbes(observed)
    const isRefused = standing.state.phase === 'syncing' && parts.executor.refuses(standing.pod)
    progress.advance(observed)
    await this.#syncVolumes(observed, isRefused)
    const plan = isRefused ? { actions: [] } : this.#plan(observed)
    const { acted, sandbox } = await parts.executor.execute(plan, observed, progress.allocatedPod)
    if (sandbox) return this.#bringOn({ ...observed, sandbox, deadSandboxes: [] })
    return acted ? 0 : this.#restMs(plan)
  }

  #syncProbes(observed: PodObservation): void {
    const { node, parts, standing } = this.#options
    if (standing.state.phase === 'finished') parts.probes.freeze()
    const probed = probedContainers(standing.pod, observed, parts.executor.memory, node.hostIPs())
    parts.probes.sync(probed, standing.pod)
  }

  async #syncVolumes({ sandbox }: PodObservation, isRefused: boolean): Promise<void> {
    const { parts, standing } = this.#options
    if (standing.state.phase === 'syncing' && sandbox && !isRefused)
      await parts.executor.syncVolumes(sandbox, standing.pod)
  }

  #plan(observed: PodObservation): Plan {
    const { node, parts, standing, progress } = this.#options
    const situation: PodSituation = {
      pod: progress.knownPod,
      observed,
      memory: parts.executor.memory,
      givenUp: parts.probes.givenUp(),
      isStarted: (id) => parts.probes.health(id).started,
      nowMs: node.clock.now(),
      monotonicMs: node.clock.monotonic(),
      ...this.#draining(observed),
    }
    return planFor(standing.state, situation)
  }

  /** Begins beside the preStop hooks. A Pod whose time is up, or of which nothing runs, has nothing to drain. */
  #draining(observed: PodObservation): Pick<PodSituation, 'drainUntilMs'> {
    const { node, parts, standing } = this.#options
    if (standing.state.phase !== 'terminating') return {}
    const { deadlineMs } = standing.state
    const nowMs = node.clock.monotonic()
    const hasTime = deadlineMs > nowMs && runningContainers(observed).length > 0
    if (hasTime) parts.drain.begin(standing.pod, observed.sandbox?.id, nowMs)
    else parts.drain.stop()
    const drainUntilMs = parts.drain.untilMs(deadlineMs)
    return drainUntilMs === undefined ? {} : { drainUntilMs }
  }

  #restMs({ actions, wakeAtMs = Number.POSITIVE_INFINITY }: Plan): number {
    const { node, parts, standing, progress } = this.#options
    if (standing.state.phase === 'terminated') return Number.POSITIVE_INFINITY
    const isActive = standing.state.phase === 'syncing'
    const deadlineMs = (isActive && activeDeadlineMs(standing.pod, progress.status)) || Number.POSITIVE_INFINITY
    const isAtRest = actions.length === 0 && wakeAtMs + deadlineMs === Number.POSITIVE_INFINITY
    const patienceMs = parts.resize.pending ? RESIZE_RETRY_MS : isAtRest ? AT_REST_MS : RESYNC_MS
    // What has come about since the plan was made is done at once.
    return Math.max(0, Math.min(patienceMs, wakeAtMs - node.clock.monotonic(), deadlineMs - node.clock.now()))
  }
}
