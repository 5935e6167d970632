import type { Resources } from '../../../shared/pod-requests.ts'
import { FITS, type FilterPlugin, MAX_SCORE, refuse, ruleOut, type ScorePlugin, type Verdict } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'

/** A node must have room for what the Pod requests; the emptier it would be, the better. */
export const nodeResourcesFit: FilterPlugin & ScorePlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  filter({ requests }) {
    const hasRoom = roomFor(requests)
    return (node) => (hasRoom(node) ? FITS : whatIsMissing(node, requests))
  },
  wokenBy: { nodeAdded: 'ifNodeFits', nodeUpdated: 'ifNodeFits', podRemoved: 'ifNodeFits' },
  scorer: ({ requestsForScoring }) => ({
    score: ({ allocatable, requestedForScoring: requested }) => {
      const cpu = freeShare(allocatable.cpuMilli, requested.cpuMilli + requestsForScoring.cpuMilli)
      const memory = freeShare(allocatable.memoryBytes, requested.memoryBytes + requestsForScoring.memoryBytes)
      return meanOf(cpu, memory)
    },
  }),
}

/**
 * What a Pod does not request it may have, even where the node has given away too much of it. This is asked more often
 * than anything else: what the Pod requests is read once.
 */
function roomFor({ cpuMilli, memoryBytes, ephemeralStorageBytes, scalar }: Resources): (node: NodeInfo) => boolean {
  const scalars = [...scalar]
  return ({ pods, allowedPods, allocatable, requested }) =>
    pods.size < allowedPods &&
    !lacks(cpuMilli, allocatable.cpuMilli, requested.cpuMilli) &&
    !lacks(memoryBytes, allocatable.memoryBytes, requested.memoryBytes) &&
    !lacks(ephemeralStorageBytes, allocatable.ephemeralStorageBytes, requested.ephemeralStorageBytes) &&
    (scalars.length === 0 ||
      !scalars.some(([name, amount]) =>
        lacks(amount, allocatable.scalar.get(name) ?? 0, requested.scalar.get(name) ?? 0),
      ))
}

function whatIsMissing({ pods, allowedPods, allocatable, requested }: NodeInfo, requests: Resources): Verdict {
  const amounts = (of: Resources): [string, number][] => [
    ['cpu', of.cpuMilli],
    ['memory', of.memoryBytes],
    ['ephemeral-storage', of.ephemeralStorageBytes],
    ...[...requests.scalar.keys()].map((name): [string, number] => [name, of.scalar.get(name) ?? 0]),
  ]
  const [wanted, offered, taken] = [amounts(requests), amounts(allocatable), amounts(requested)]
  const missing = wanted.filter(([, amount], i) => lacks(amount, offered[i]![1], taken[i]![1]))
  const crowded = pods.size + 1 > allowedPods ? ['Too many pods'] : []
  const isTooSmall = wanted.some(([, amount], i) => lacks(amount, offered[i]![1], 0))
  const say = isTooSmall ? ruleOut : refuse
  return say(...crowded, ...missing.map(([name]) => `Insufficient ${name}`))
}

function lacks(wanted: number, offered: number, taken: number): boolean {
  return wanted > 0 && wanted > offered - taken
}

/** Undefined for what the node does not have at all: it then does not count. */
function freeShare(offered: number, taken: number): number | undefined {
  if (offered === 0) return undefined
  return taken > offered ? 0 : Math.floor(((offered - taken) * MAX_SCORE) / offered)
}

function meanOf(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined) return a ?? b ?? 0
  return Math.floor((a + b) / 2)
}
