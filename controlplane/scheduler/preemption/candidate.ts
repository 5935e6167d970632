import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'

/** A node, and the Pods that would have to go from it: one at least, the most important first. */
export interface Candidate {
  readonly node: NodeInfo
  readonly victims: readonly PodInfo[]
}

/** Above the negative of every priority: the sum of few low ones is then never more than that of many. */
const TO_POSITIVE = 2 ** 31

/** What a candidate costs, in the order in which it counts. */
const COSTS: readonly ((candidate: Candidate) => number)[] = [
  highestPriority,
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + TO_POSITIVE, 0),
  ({ victims }) => victims.length,
  (candidate) => -earliestStart(candidate),
]

/** The candidate that costs least; the first of equals. Undefined where there is none. */
export function bestCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let best = candidates
  for (const cost of COSTS) {
    if (best.length <= 1) break
    const costs = best.map(cost)
    const least = Math.min(...costs)
    best = best.filter((_, index) => costs[index] === least)
  }
  return best[0]
}

/** Puts the more important Pod first: by priority, then by how long it has run. */
export function byImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startedAtMs(a) - startedAtMs(b)
}

function highestPriority({ victims }: Candidate): number {
  return victims[0]?.priority ?? Number.NEGATIVE_INFINITY
}

/** Of the victims of the highest priority. */
function earliestStart(candidate: Candidate): number {
  const highest = highestPriority(candidate)
  return Math.min(...candidate.victims.filter(({ priority }) => priority === highest).map(startedAtMs))
}

/** A Pod that has not started yet is younger than all others. */
function startedAtMs({ pod }: PodInfo): number {
  const { startTime } = pod.status ?? {}
  return startTime === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(startTime)
}
