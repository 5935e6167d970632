import { hostPortsOf, UsedHostPorts } from '../../../shared/host-ports.ts'
import type { AdmissionCheck } from './pod-admission.ts'

/** The scheduler sees to it too; a Pod that was bound without it may ask for a port that is taken. */
export const refuseHostPorts: AdmissionCheck = (pod, { others }) => {
  const wanted = hostPortsOf(pod)
  if (wanted.length === 0) return undefined
  const used = new UsedHostPorts()
  for (const port of others.flatMap(hostPortsOf)) used.add(port)
  if (!wanted.some((port) => used.conflictsWith(port))) return undefined
  const why = "node(s) didn't have free ports for the requested pod ports"
  return { reason: 'NodePorts', message: `Predicate NodePorts failed: ${why}` }
}
