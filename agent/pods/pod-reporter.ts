import type { Pod, PodStatus } from '../../shared/api/generated/core-v1.ts'
import type { NodeContext } from './node-context.ts'
import type { PodEvents } from './pod-events.ts'
import { identityOf } from './spec/pod-identity.ts'
import { mergeStatus } from './status/merge-status.ts'
import { podStatus } from './status/pod-status.ts'
import type { StatusInput } from './status/status-input.ts'

/** What a status follows from beside the node and the status before. */
export type StatusFacts = Pick<StatusInput, 'pod' | 'observed' | 'memory' | 'probes' | 'message' | 'ending' | 'resize'>

/** Computes one Pod's status, and tells it when it has changed. */
export class PodReporter {
  readonly #node: Pick<NodeContext, 'reporter' | 'clock' | 'hostIPs'>
  readonly #events: PodEvents
  #status: PodStatus | undefined
  #told = ''

  constructor(node: Pick<NodeContext, 'reporter' | 'clock' | 'hostIPs'>, events: PodEvents) {
    this.#node = node
    this.#events = events
  }

  /** As it was last computed. */
  get status(): PodStatus | undefined {
    return this.#status
  }

  report(facts: StatusFacts): PodStatus {
    const { clock, hostIPs } = this.#node
    const previous = mergeStatus(facts.pod.status, this.#status)
    const time = { nowMs: clock.now(), monotonicMs: clock.monotonic() }
    const status = podStatus({ ...facts, previous, hostIPs: hostIPs(), ...time })
    this.#status = status
    this.#tellBackOff(status)
    this.#tell(facts.pod, false)
    return status
  }

  /** The last word: nothing of the Pod is left, and its status stays as it is. */
  reportTerminated(pod: Pod): void {
    this.#tell(pod, true)
  }

  #tell(pod: Pod, terminated: boolean): void {
    const status = this.#status ?? {}
    const text = JSON.stringify([status, terminated])
    if (text === this.#told) return
    this.#told = text
    this.#node.reporter.podStatus({ ...identityOf(pod), status, terminated })
  }

  #tellBackOff({ containerStatuses = [], initContainerStatuses = [] }: PodStatus): void {
    for (const { name, state, containerID } of [...initContainerStatuses, ...containerStatuses]) {
      if (state?.waiting?.reason === 'CrashLoopBackOff') this.#events.backOff({ name, id: containerID ?? '' })
    }
  }
}
