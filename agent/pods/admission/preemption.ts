import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import { type QosClass, qosClassOf } from '../../../shared/qos-class.ts'
import { isCriticalPod } from '../../eviction/critical-pod.ts'
import { requestsAsGiven } from '../resize/node-room.ts'
import { amountsOf, type Shortage } from './resources.ts'

/** So much of a resource is missing. */
type Missing = ReadonlyMap<string, number>

interface Candidate {
  pod: Pod
  requests: ReadonlyMap<string, number>
}

/**
 * Who has to go so that a critical Pod fits, as the kubelet chooses: rather BestEffort than Burstable than Guaranteed Pods,
 * of these as few as possible, of these those that requested less. Undefined where even all of them would not do.
 */
export function podsToPreempt(
  preemptor: Pod,
  holders: readonly Pod[],
  shortages: readonly Shortage[],
): Pod[] | undefined {
  const missing = missingOf(shortages)
  const candidates = holders.filter((pod) => isPreemptable(preemptor, pod))
  const ofClass = (wanted: QosClass): Candidate[] =>
    candidates
      .filter(({ spec }) => qosClassOf(spec ?? { containers: [] }) === wanted)
      .map((pod) => ({ pod, requests: amountsOf(requestsAsGiven(pod), 1) }))
  const [bestEffort, burstable, guaranteed] = [ofClass('BestEffort'), ofClass('Burstable'), ofClass('Guaranteed')]
  if (without(missing, [...bestEffort, ...burstable, ...guaranteed]).size > 0) return undefined
  const last = fewest(guaranteed, without(missing, [...bestEffort, ...burstable]))
  const then = fewest(burstable, without(missing, [...bestEffort, ...last]))
  const first = fewest(bestEffort, without(missing, [...then, ...last]))
  return [...first, ...then, ...last].map(({ pod }) => pod)
}

export function missingOf(shortages: readonly Shortage[]): Missing {
  return new Map(shortages.map(({ name, requested, used, capacity }) => [name, requested - (capacity - used)]))
}

function isPreemptable(preemptor: Pod, pod: Pod): boolean {
  return !isCriticalPod(pod) || (preemptor.spec?.priority ?? 0) > (pod.spec?.priority ?? 0)
}

/** One after the other, each the one that brings it nearest. They are known to be enough. */
function fewest(candidates: readonly Candidate[], missing: Missing): Candidate[] {
  const chosen: Candidate[] = []
  let rest = missing
  while (rest.size > 0) {
    const left = candidates.filter((candidate) => !chosen.includes(candidate))
    const best = left.reduce((a, b) => (compare(b, a, rest) < 0 ? b : a))
    chosen.push(best)
    rest = without(missing, chosen)
  }
  return chosen
}

function compare(a: Candidate, b: Candidate, missing: Missing): number {
  const nearer = distance(a, missing) - distance(b, missing)
  if (nearer !== 0) return nearer
  const less = (name: string) => (a.requests.get(name) ?? 0) - (b.requests.get(name) ?? 0)
  return less('memory') || less('cpu')
}

/** What would still be missing, each resource as a share of what is. */
function distance({ requests }: Candidate, missing: Missing): number {
  return [...missing].reduce((sum, [name, amount]) => {
    const rest = Math.max(amount - (requests.get(name) ?? 0), 0)
    return sum + (rest / amount) ** 2
  }, 0)
}

function without(missing: Missing, gone: readonly Candidate[]): Missing {
  const left = [...missing].map(([name, amount]): [string, number] => {
    return [name, gone.reduce((rest, { requests }) => rest - (requests.get(name) ?? 0), amount)]
  })
  return new Map(left.filter(([, amount]) => amount > 0))
}
