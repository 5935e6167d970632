import type { EndpointSlice } from './api/kinds.ts'
import type { ObjectKey } from './api/object.ts'

/** Says which Service of its namespace an EndpointSlice belongs to. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
/** Says who writes it. */
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by'
/** Of Endpoints, with the value `true`: whoever wrote them writes the slices, too. */
export const SKIP_MIRROR_LABEL = 'endpointslice.kubernetes.io/skip-mirror'
/** The manager of those that are made of a Service's Pods. */
export const SLICE_CONTROLLER = 'endpointslice-controller.k8s.io'

/** The key of the Service that a slice belongs to, if it belongs to one. */
export function serviceKeyOf({ metadata }: EndpointSlice): ObjectKey | undefined {
  const name = metadata.labels?.[SERVICE_NAME_LABEL]
  return name ? `${metadata.namespace}/${name}` : undefined
}
