import type { Container, Pod } from '../../../shared/api/generated/core-v1.ts'
import { qosClassOf } from '../../../shared/qos-class.ts'
import { parseUnits } from '../../../shared/quantity.ts'

const GUARANTEED = -997
const BEST_EFFORT = 1000
const NODE_CRITICAL = 'system-node-critical'

/**
 * Whom the kernel ends first when memory runs out, from -1000 to 1000, as the kubelet has it: who asked for nothing
 * first, who has all it may use last, and between them the more likely the less of the node's memory it asked for.
 */
export function oomScoreAdj(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  const spec = pod.spec ?? { containers: [] }
  if (spec.priorityClassName === NODE_CRITICAL) return GUARANTEED
  switch (qosClassOf(spec)) {
    case 'Guaranteed':
      return GUARANTEED
    case 'BestEffort':
      return BEST_EFFORT
    case 'Burstable':
      return burstable(spec.containers, container, nodeMemoryBytes)
  }
}

/** A sidecar is ended no sooner than the container that it serves. */
function burstable(containers: readonly Container[], container: Container, nodeMemoryBytes: number): number {
  const scoreOf = ({ resources }: Container) =>
    BEST_EFFORT - Math.floor((1000 * parseUnits(resources?.requests?.memory ?? '0')) / Math.max(nodeMemoryBytes, 1))
  const served = container.restartPolicy === 'Always' ? containers.map(scoreOf) : []
  return Math.min(Math.max(Math.min(scoreOf(container), ...served), BEST_EFFORT + GUARANTEED), BEST_EFFORT - 1)
}
