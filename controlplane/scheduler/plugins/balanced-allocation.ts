import { MAX_SCORE, type ScorePlugin } from '../framework.ts'

/** Prefers nodes whose cpu and memory would be used to a like degree, so that neither is left over alone. */
export const balancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  scorer({ requests }) {
    if (requests.cpuMilli === 0 && requests.memoryBytes === 0) return undefined
    return {
      score: ({ allocatable, requested }) => {
        const cpu = usedShare(allocatable.cpuMilli, requested.cpuMilli + requests.cpuMilli)
        const memory = usedShare(allocatable.memoryBytes, requested.memoryBytes + requests.memoryBytes)
        const deviation = cpu === undefined || memory === undefined ? 0 : Math.abs(cpu - memory) / 2
        return Math.floor((1 - deviation) * MAX_SCORE)
      },
    }
  },
}

function usedShare(offered: number, taken: number): number | undefined {
  return offered === 0 ? undefined : Math.min(1, taken / offered)
}
