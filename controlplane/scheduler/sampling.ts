const MINIMUM_NODES = 100
const MINIMUM_PERCENTAGE = 5

/**
 * How many feasible nodes are enough to choose from: all of up to 100, then a share that falls from 50 % to 5 % as
 * the cluster grows (10 % of 5,000), but never fewer than 100. kube-scheduler's `percentageOfNodesToScore: 0`.
 */
export function enoughFeasibleNodes(nodeCount: number): number {
  if (nodeCount < MINIMUM_NODES) return nodeCount
  const percentage = Math.max(MINIMUM_PERCENTAGE, 50 - Math.floor(nodeCount / 125))
  return Math.max(MINIMUM_NODES, Math.floor((nodeCount * percentage) / 100))
}
