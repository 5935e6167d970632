import type { PodStatus } from '../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Eviction } from '../eviction/eviction-manager.ts'
import type { PodGlance } from '../runtime/runtime.ts'
import { WakeLoop } from '../wake-loop.ts'
import type { PlacedPod } from './admission/node-admission.ts'
import type { NodeContext } from './node-context.ts'
import { endByEviction, endInApi } from './pod-end.ts'
import { type PodParts, podParts } from './pod-parts.ts'
import { PodPass } from './pod-pass.ts'
import { PodProgress } from './pod-progress.ts'
import { PodStanding } from './pod-standing.ts'
import { type PodWorkerState, terminatedBy } from './pod-worker-state.ts'

/**
 * Brings one Pod to where it should be, and says how it is. Serial: one pass at a time, and whatever happens meanwhile asks
 * for another. Nothing here waits for another Pod.
 */
export class PodWorker implements PlacedPod {
  readonly #node: NodeContext
  readonly #standing: PodStanding
  readonly #parts: PodParts
  readonly #progress: PodProgress
  readonly #loop: WakeLoop
  #isAssigned = false

  constructor(node: NodeContext, pod: Persisted<Pod>, onTerminated: () => void) {
    const log = node.log.child({ pod: `${pod.metadata.namespace}/${pod.metadata.name}`, uid: pod.metadata.uid })
    const standing = new PodStanding(pod)
    const parts = podParts({
      ...{ node, log },
      pod: () => standing.pod,
      wake: () => this.wake(),
      onHealth: () => {
        this.#progress.retell()
        this.wake()
      },
    })
    this.#node = node
    this.#standing = standing
    this.#parts = parts
    this.#progress = new PodProgress({ node, parts, standing, log, onTerminated })
    const isStopped = () => this.#loop.isStopped
    const pass = new PodPass({ node, parts, standing, progress: this.#progress, isStopped })
    this.#loop = new WakeLoop({
      clock: node.clock,
      pass: () => pass.run(),
      onFault: (err) => log.warn({ err }, 'could not bring the Pod to where it should be'),
    })
  }

  get pod(): Persisted<Pod> {
    return this.#standing.pod
  }

  get allocatedPod(): Persisted<Pod> {
    return this.#progress.allocatedPod
  }

  get state(): PodWorkerState {
    return this.#standing.state
  }

  get isAdmitted(): boolean {
    return this.#standing.isAdmitted
  }

  get isToRun(): boolean {
    return this.#standing.isToRun
  }

  get isEnding(): boolean {
    return this.#standing.isEnding
  }

  /** Nothing of it was on the node at the last look. */
  get isGone(): boolean {
    return this.#standing.isGone
  }

  /** What there is of it is what there was at the last look; `glance` is undefined where there is nothing. */
  isAsSeen(glance: PodGlance | undefined): boolean {
    return this.#standing.isAsSeen(glance)
  }

  /** As it was last computed; before that, as the API has it. */
  get status(): PodStatus | undefined {
    return this.#progress.status
  }

  /** The Pod's newest object. What could not be made for want of configuration is tried again at once. */
  assign(pod: Persisted<Pod>): void {
    const standing = this.#standing
    const isNew = !this.#isAssigned || pod.metadata.resourceVersion !== standing.pod.metadata.resourceVersion
    this.#isAssigned = true
    this.#parts.executor.forgetReplaced(standing.pod, pod)
    standing.pod = pod
    const end = endInApi(pod)
    if (end && standing.state.phase === 'syncing') standing.state = { phase: 'finished', end }
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
    if (this.state.phase !== 'syncing') return
    this.#parts.events.pod('Warning', eviction.reason, eviction.message)
    this.#standing.state = { phase: 'finished', end: endByEviction(eviction) }
    this.#parts.starter.stop()
    this.wake()
  }

  /** Removes what is left of one that has come to its end, its logs included. True where that is news to it. */
  discard(): boolean {
    const { state } = this.#standing
    if (state.phase !== 'finished' || state.end.leavesNothing || this.isGone) return false
    this.#standing.state = { phase: 'finished', end: { ...state.end, leavesNothing: true } }
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
    this.#standing.state = terminatedBy(this.#node.clock.monotonic() + graceMs, this.state)
    if (this.state.phase === 'terminated') return
    this.#parts.probes.keepReadinessOnly()
    this.#parts.starter.stop()
  }
}
