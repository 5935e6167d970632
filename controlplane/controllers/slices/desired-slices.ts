import type { Endpoint, EndpointPort } from '../../../shared/api/generated/discovery-v1.ts'
import type { OwnerReference } from '../../../shared/api/generated/meta-v1.ts'

/** Endpoints that take traffic on the same ports. */
export interface EndpointGroup {
  readonly addressType: string
  readonly ports: readonly EndpointPort[]
  readonly endpoints: readonly Endpoint[]
}

/** What the slices of a Service are to say together, however many there are. */
export interface DesiredSlices {
  readonly namespace: string
  /** The name of the Service. */
  readonly name: string
  /** Slices that have another one are left from a former Service of the same name. */
  readonly owner: OwnerReference
  readonly labels: Readonly<Record<string, string>>
  /** Absent: whatever a slice has. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly groups: readonly EndpointGroup[]
  /** Endpoints in a slice, at most. */
  readonly capacity: number
}

export const HEADLESS_LABEL = 'service.kubernetes.io/headless'

/** The same for all lists of ports that say the same, in whatever order. */
export function portsKey(ports: readonly EndpointPort[] = []): string {
  const each = ports.map(({ name = '', protocol, port, appProtocol }) =>
    JSON.stringify([name, protocol ?? 'TCP', port, appProtocol]),
  )
  return each.sort().join()
}

/** What makes an endpoint the same one, whatever becomes of its conditions. */
export function endpointKey({ addresses, hostname = '', targetRef }: Endpoint): string {
  return [...addresses, hostname, targetRef?.namespace ?? '', targetRef?.name ?? ''].join(' ')
}
