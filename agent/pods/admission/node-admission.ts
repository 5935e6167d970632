import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import type { Assignments } from '../../assignments.ts'
import type { Eviction } from '../../eviction/eviction-manager.ts'
import type { PodWorkerState } from '../pod-worker-state.ts'
import { resizeRefusal } from '../resize/node-room.ts'
import type { ResizeRefusal } from '../resize/pod-resize.ts'
import { heldResource } from './held-resources.ts'
import { admitPod, type PodRefusal } from './pod-admission.ts'

/** What the node is asked for before it gives Pods something. */
export interface NodeFactsForPods {
  /** What it can give to all its Pods, by resource, as far as it is known. */
  allocatable(): Readonly<Record<string, string>>
  /** The conditions that tell what it is short of, such as `MemoryPressure`; by default it is short of nothing. */
  pressure?(): readonly string[]
  /** Undefined while it is not known. */
  hasAppArmor?(): boolean | undefined
  /** Kernel parameters that a Pod may set though they are not safe: names, or beginnings of names with a `*`. */
  allowedUnsafeSysctls?: readonly string[]
}

/** A Pod that the node has, and how far it is; a PodWorker is one. */
export interface PlacedPod {
  readonly pod: Persisted<Pod>
  /** With what its containers have been given. */
  readonly allocatedPod: Persisted<Pod>
  readonly state: PodWorkerState
  /** The node has taken it, and it has not come to its end. */
  readonly isAdmitted: boolean
  /** The node has taken it, or an earlier agent had, and it is not about to end. */
  readonly isToRun: boolean
  /** It is about to end, and something of it runs still. */
  readonly isEnding: boolean
}

export interface NodeAdmissionOptions {
  facts: NodeFactsForPods
  /** All that the node has now, by UID. */
  placed: ReadonlyMap<string, PlacedPod>
  /** As of the newest word. */
  assignments(): Pick<Assignments, 'pods' | 'node'>
  /** Ends a Pod that makes way for a critical one. */
  evict(podUid: string, eviction: Eviction): void
}

const PREEMPTION: Eviction = {
  reason: 'Preempting',
  message: 'Preempted in order to admit critical pod',
  disruption: 'Pod was preempted by Kubelet to accommodate a critical pod.',
}

/** What the node still has for a Pod, beside what its other Pods have of it. */
export class NodeAdmission {
  readonly #options: NodeAdmissionOptions

  constructor(options: NodeAdmissionOptions) {
    this.#options = options
  }

  /**
   * Takes a Pod that is new to the node, or says why not; a critical one may push others off it. Of the others those count
   * that are assigned: what is on its way out of here holds up nobody for good.
   */
  admit(pod: Persisted<Pod>): PodRefusal | undefined {
    const { facts, assignments, evict } = this.#options
    const { pods, node } = assignments()
    const others = this.#others(pod).filter((other) => pods.has(other.pod.metadata.uid))
    const admission = admitPod(pod, {
      allowedUnsafeSysctls: facts.allowedUnsafeSysctls ?? [],
      hasAppArmor: facts.hasAppArmor?.(),
      allocatable: facts.allocatable(),
      node,
      pressure: facts.pressure?.() ?? [],
      others: others.filter(({ isAdmitted }) => isAdmitted).map((other) => other.pod),
      holders: others.filter(({ isToRun }) => isToRun).map(({ allocatedPod }) => allocatedPod),
    })
    if (!admission.taken) return admission.refusal
    for (const { metadata } of admission.preempted) evict(metadata.uid ?? '', PREEMPTION)
    return undefined
  }

  /** What containers of a Pod that was taken have to wait for; of others also those count that are not assigned any more. */
  heldResource(pod: Persisted<Pod>): string | undefined {
    const others = this.#others(pod)
    return heldResource(pod, {
      allocatable: this.#options.facts.allocatable(),
      holders: others.filter(({ isToRun }) => isToRun).map(({ allocatedPod }) => allocatedPod),
      ending: others.filter(({ isEnding }) => isEnding).map(({ allocatedPod }) => allocatedPod),
    })
  }

  /** Why the node has no room for more for a Pod that it has; of others all count that are not over, looked at yet or not. */
  refuseResize(pod: Persisted<Pod>): ResizeRefusal | undefined {
    const others = this.#others(pod).filter(({ state }) => state.phase === 'syncing' || state.phase === 'terminating')
    const allocated = others.map(({ allocatedPod }) => allocatedPod)
    return resizeRefusal(pod, { allocatable: this.#options.facts.allocatable(), others: allocated })
  }

  #others({ metadata }: Persisted<Pod>): PlacedPod[] {
    return [...this.#options.placed.values()].filter((other) => other.pod.metadata.uid !== metadata.uid)
  }
}
