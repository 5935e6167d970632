import { type Random, randomInt } from '../../../shared/random.ts'
import type { Cluster } from '../cluster.ts'
import { Refusals, type Refused } from '../decision.ts'
import { Feasibility } from '../feasibility.ts'
import type { FilterPlugin } from '../framework.ts'
import type { PodInfo } from '../pod-info.ts'
import { bestCandidate, type Candidate } from './candidate.ts'
import { isRoomBeingMade, mayPreempt } from './lower-priority.ts'
import { NO_VICTIMS, victimsOn } from './victims.ts'

/** Messages are kube-scheduler's. */
export type Preemption =
  | { readonly type: 'found'; readonly candidate: Candidate }
  /** The Pod may not, or has already and waits. */
  | { readonly type: 'ineligible'; readonly message: string }
  /** `refusedBy`: who would refuse the Pod even then. */
  | { readonly type: 'futile'; readonly message: string; readonly refusedBy: ReadonlySet<FilterPlugin> }

/** So many candidates are enough to choose from, or a tenth of all nodes that could be one. */
const ENOUGH_CANDIDATES = 100

/** Looks for Pods of lower priority that a refused one could take the place of. Runs without a pause, and changes nothing. */
export class PreemptionSearch {
  readonly #cluster: Cluster
  readonly #feasibility: Feasibility
  readonly #random: Random

  constructor(filters: readonly FilterPlugin[], cluster: Cluster, random: Random) {
    this.#cluster = cluster
    this.#feasibility = new Feasibility(filters, cluster)
    this.#random = random
  }

  search(pod: PodInfo, refused: Refused): Preemption {
    const message = this.#whyIneligible(pod, refused)
    if (message !== undefined) return { type: 'ineligible', message }
    const nodeCount = this.#cluster.nodes.length
    const refusals = new Refusals()
    refusals.count('Preemption is not helpful for scheduling', nodeCount - refused.resolvable.length)
    const candidate = bestCandidate(this.#candidates(pod, refused, refusals))
    if (candidate) return { type: 'found', candidate }
    return { type: 'futile', message: refusals.message(nodeCount), refusedBy: refusals.plugins }
  }

  #whyIneligible(pod: PodInfo, { resolvable }: Refused): string | undefined {
    if (pod.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
    const nodeName = this.#cluster.nominations.nodeNameOf(pod.uid)
    const waits = resolvable.some(({ name }) => name === nodeName) && isRoomBeingMade(pod, this.#cluster)
    return waits ? 'not eligible due to a terminating pod on the nominated node.' : undefined
  }

  /** Begins at any of the nodes, lest the same ones are always asked first. */
  #candidates(pod: PodInfo, { resolvable }: Refused, refusals: Refusals): Candidate[] {
    const candidates: Candidate[] = []
    if (!mayPreempt(pod, this.#cluster)) {
      refusals.count(NO_VICTIMS, resolvable.length)
      return candidates
    }
    const enough = Math.max(ENOUGH_CANDIDATES, Math.floor(resolvable.length / 10))
    const start = randomInt(this.#random, resolvable.length)
    for (let i = 0; i < resolvable.length && candidates.length < enough; i++) {
      const node = resolvable[(start + i) % resolvable.length]!
      const victims = victimsOn(node, pod, this.#cluster, this.#feasibility, refusals)
      if (victims.length > 0) candidates.push({ node, victims })
    }
    return candidates
  }
}
