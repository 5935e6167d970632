import type { Pod } from '../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../shared/api/object.ts'
import { type HostPort, hostPortsOf } from '../../shared/host-ports.ts'
import { podRequests, podRequestsForScoring, type Resources } from '../../shared/pod-requests.ts'
import { type PodAffinityTerms, podAffinityTermsOf } from './pod-affinity-terms.ts'

/** A Pod and what the scheduler reads from its spec, worked out once. */
export interface PodInfo {
  readonly pod: Persisted<Pod>
  readonly uid: string
  readonly key: ObjectKey
  readonly namespace: string
  readonly priority: number
  readonly labels: Readonly<Record<string, string>>
  readonly requests: Resources
  readonly requestsForScoring: Resources
  readonly hostPorts: readonly HostPort[]
  readonly affinity: PodAffinityTerms
}

export function podInfoOf(pod: Persisted<Pod>): PodInfo {
  return {
    pod,
    uid: pod.metadata.uid,
    key: keyOf(pod),
    namespace: pod.metadata.namespace ?? '',
    priority: pod.spec.priority ?? 0,
    labels: pod.metadata.labels ?? {},
    requests: podRequests(pod),
    requestsForScoring: podRequestsForScoring(pod),
    hostPorts: hostPortsOf(pod),
    affinity: podAffinityTermsOf(pod),
  }
}
