import type { Endpoints, Pod, Service } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { hasClusterIp } from '../services/pod-endpoints.ts'
import { HEADLESS_LABEL } from '../slices/desired-slices.ts'
import { endpointSubsets } from './endpoint-subsets.ts'
import { OVER_CAPACITY_ANNOTATION, truncated } from './over-capacity.ts'

const MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by'
const MANAGED_BY = 'endpoint-controller'

export function isOurs({ metadata }: Endpoints): boolean {
  return metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY
}

/** The Endpoints of a Service as they should be; the same by value as `current` where that is right. */
export function withState(
  current: Persisted<Endpoints> | undefined,
  service: Persisted<Service>,
  pods: readonly Persisted<Pod>[],
): Endpoints {
  const { namespace = '', name } = service.metadata
  const all = endpointSubsets(service, pods)
  const cut = truncated(all)
  const { annotations: before, ...metadata } = current?.metadata ?? { namespace, name }
  const annotations = annotationsFor(before, cut !== undefined)
  const next: Endpoints = { ...current, metadata: { ...metadata, labels: labelsFor(service) } }
  if (annotations) next.metadata.annotations = annotations
  if (all.length > 0) next.subsets = cut ?? all
  else delete next.subsets
  return next
}

function labelsFor(service: Persisted<Service>): Record<string, string> {
  const { [HEADLESS_LABEL]: _, ...labels } = service.metadata.labels ?? {}
  return { ...labels, ...(hasClusterIp(service) ? {} : { [HEADLESS_LABEL]: '' }), [MANAGED_BY_LABEL]: MANAGED_BY }
}

/** Undefined where there are none. */
function annotationsFor(before: Record<string, string> = {}, isCut: boolean): Record<string, string> | undefined {
  const { [OVER_CAPACITY_ANNOTATION]: _, ...others } = before
  const all = { ...others, ...(isCut ? { [OVER_CAPACITY_ANNOTATION]: 'truncated' } : {}) }
  return Object.keys(all).length > 0 ? all : undefined
}
