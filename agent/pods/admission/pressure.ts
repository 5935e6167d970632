import { qosClassOf } from '../../../shared/qos-class.ts'
import { tolerates } from '../../../shared/tolerations.ts'
import { isCriticalPod } from '../../eviction/critical-pod.ts'
import type { AdmissionCheck } from './pod-admission.ts'

const MEMORY_TAINT = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' }

/** A node that is short of memory takes no Pod that promises nothing of its own use; one short of anything else takes none. */
export const refuseUnderPressure: AdmissionCheck = (pod, { pressure }) => {
  if (pressure.length === 0 || isCriticalPod(pod)) return undefined
  if (pressure.every((condition) => condition === 'MemoryPressure')) {
    if (qosClassOf(pod.spec ?? { containers: [] }) !== 'BestEffort') return undefined
    if (tolerates(pod.spec?.tolerations, MEMORY_TAINT)) return undefined
  }
  return { reason: 'Evicted', message: `The node had condition: [${pressure.join(' ')}]. ` }
}
