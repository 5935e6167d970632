import type { PodStatus } from '../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Logger } from '../../shared/log.ts'
import { isFinalPhase } from '../../shared/pod-phase.ts'
import type { PodRefusal } from './admission/pod-admission.ts'
import type { NodeContext } from './node-context.ts'
import { activeDeadlineMs, endByDeadline, endByRefusal } from './pod-end.ts'
import { isGone, type PodObservation, runningContainers } from './pod-observation.ts'
import type { PodParts } from './pod-parts.ts'
import type { PodStanding } from './pod-standing.ts'
import { mergeStatus } from './status/merge-status.ts'
import type { PodEnd } from './status/status-input.ts'

export interface PodProgressOptions {
  node: NodeContext
  parts: PodParts
  standing: PodStanding
  log: Logger
  /** Nothing of it is left, and that was told. */
  onTerminated(): void
}

/** Tells how one Pod is, and moves it on where what is seen of it says so. */
export class PodProgress {
  readonly #options: PodProgressOptions

  constructor(options: PodProgressOptions) {
    this.#options = options
  }

  /** As it was last computed; before that, as the API has it. */
  get status(): PodStatus | undefined {
    return this.#options.parts.reporter.status ?? this.#options.standing.pod.status
  }

  /** With what its containers have been given, which differs from what they ask for while a resize waits. */
  get allocatedPod(): Persisted<Pod> {
    return this.#options.parts.resize.granted(this.#options.standing.pod)
  }

  /** That, with its status as it was told last: the API's is of when the Pod was assigned. */
  get knownPod(): Persisted<Pod> {
    const pod = this.allocatedPod
    const status = mergeStatus(pod.status, this.#options.parts.reporter.status)
    return status ? { ...pod, status } : pod
  }

  /** Reports, and moves on. */
  advance(observed: PodObservation): void {
    const { state } = this.#options.standing
    switch (state.phase) {
      case 'syncing':
        this.#advanceSyncing(observed)
        break
      case 'finished':
        this.#report(observed, state.end)
        break
      case 'terminating':
        this.#advanceTerminating(observed)
        break
      case 'terminated':
        break
    }
  }

  /** What came about since the last look, such as what the probes find, does not wait for the runtime's next answer. */
  retell(): void {
    const { seen, state, isStatusFinal } = this.#options.standing
    const isOpen = state.phase === 'syncing' || (state.phase === 'terminating' && !isStatusFinal)
    if (seen && isOpen) this.#report(seen, undefined)
  }

  #advanceSyncing(observed: PodObservation): void {
    const { node, parts, standing } = this.#options
    const refusal = this.#refusal(observed)
    const deadline = endByDeadline(activeDeadlineMs(standing.pod, this.status), node.clock.now())
    const end = refusal ? endByRefusal(refusal) : deadline
    const before = this.status
    const status = this.#report(observed, end)
    if (refusal) parts.events.pod('Warning', refusal.reason, refusal.message)
    else if (deadline) parts.events.pod('Normal', deadline.reason, deadline.message)
    const isOver = end !== undefined || isFinalPhase(status.phase)
    if (isOver) standing.state = { phase: 'finished', end: end ?? {} }
    else this.#tellResize(before, status)
  }

  #tellResize(before: PodStatus | undefined, after: PodStatus): void {
    const { parts, standing } = this.#options
    for (const { type, reason, message } of parts.resize.news(standing.pod, before, after)) {
      parts.events.pod(type, reason, message)
    }
  }

  /** Asked once: what the node has taken it does not refuse, whatever changes, and whoever removed what there was of it. */
  #refusal(observed: PodObservation): PodRefusal | undefined {
    const { node, standing } = this.#options
    if (standing.wasAdmitted) return undefined
    const isNew = isGone(observed) && !standing.wasTaken
    const refusal = isNew ? node.admission.admit(standing.pod) : undefined
    standing.wasAdmitted = refusal === undefined
    return refusal
  }

  /**
   * While containers still run the Pod is shown as it is. The status without any is the last: it has every container's
   * end, and what is removed after that takes nothing from it.
   */
  #advanceTerminating(observed: PodObservation): void {
    const { parts, standing, log, onTerminated } = this.#options
    const isEnded = runningContainers(observed).length === 0
    if (!standing.isStatusFinal) this.#report(observed, isEnded ? {} : undefined)
    standing.isStatusFinal = isEnded
    if (!isGone(observed)) return
    parts.reporter.reportTerminated(standing.pod)
    standing.state = { phase: 'terminated' }
    log.info('the Pod is gone from this node')
    onTerminated()
  }

  #report(observed: PodObservation, ending: PodEnd | undefined): PodStatus {
    const { reporter, executor, probes, messages, resize } = this.#options.parts
    return reporter.report({
      pod: this.knownPod,
      observed,
      memory: executor.memory,
      probes: (id) => probes.health(id),
      message: (id) => messages.of(id),
      ...(ending ? { ending } : {}),
      ...(resize.pending ? { resize: resize.pending } : {}),
    })
  }
}
