import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { PodGlance } from '../runtime/runtime.ts'
import { isAsObserved, isGone, type PodObservation, runningContainers } from './pod-observation.ts'
import type { PodWorkerState } from './pod-worker-state.ts'

/** How one Pod stands on this node: what it is to be, how far it is, and what there was of it at the last look. */
export class PodStanding {
  /** Its newest object. */
  pod: Persisted<Pod>
  state: PodWorkerState = { phase: 'syncing' }
  /** What the runtime showed last. */
  seen: PodObservation | undefined
  /** The node has taken it, or did not ask: an earlier agent had. */
  wasAdmitted = false
  /** The last status was told. */
  isStatusFinal = false

  constructor(pod: Persisted<Pod>) {
    this.pod = pod
  }

  /** An agent of this node has said that it has started. */
  get wasTaken(): boolean {
    return this.pod.status?.startTime !== undefined
  }

  /** The node has taken it, and it has not come to its end. */
  get isAdmitted(): boolean {
    const { phase } = this.state
    // Once its last status is told, the scheduler gives what it had to others.
    const isOver = phase !== 'syncing' && (phase !== 'terminating' || this.isStatusFinal)
    return this.wasAdmitted && !isOver
  }

  /** The node has taken it, or an earlier agent had, and it is not about to end. */
  get isToRun(): boolean {
    return this.state.phase === 'syncing' && (this.wasAdmitted || this.wasTaken)
  }

  /** It is about to end, and something of it runs still, as far as is known. */
  get isEnding(): boolean {
    const isOver = this.state.phase === 'finished' || this.state.phase === 'terminating'
    return isOver && (this.seen === undefined || runningContainers(this.seen).length > 0)
  }

  /** Nothing of it was on the node at the last look. */
  get isGone(): boolean {
    return this.seen !== undefined && isGone(this.seen)
  }

  /** What there is of it is what there was at the last look; `glance` is undefined where there is nothing. */
  isAsSeen(glance: PodGlance = new Map()): boolean {
    return this.seen !== undefined && isAsObserved(this.seen, glance)
  }
}
