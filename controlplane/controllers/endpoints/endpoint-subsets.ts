import type { EndpointAddress, EndpointPort, EndpointSubset } from '../../../shared/api/generated/core-v1.ts'
import type { Pod, Service } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { compareAddresses } from '../../../shared/compare-addresses.ts'
import { compareStrings } from '../../../shared/compare-strings.ts'
import { isPodReady, isPodTerminating } from '../pods/pod-state.ts'
import {
  addressesOf,
  hasClusterIp,
  hasEndpoint,
  hostnameIn,
  referenceTo,
  targetPortOf,
} from '../services/pod-endpoints.ts'

interface Member {
  readonly address: EndpointAddress
  readonly isReady: boolean
}

interface Port {
  /** Undefined: the Service has no ports, and stands for the addresses alone. */
  readonly port: EndpointPort | undefined
  readonly members: Member[]
}

/**
 * The Pods of a Service as subsets: ports that lead to the very same addresses share one. Terminating Pods are in none,
 * unless the Service publishes addresses that are not ready. The order does not depend on that of the Pods.
 */
export function endpointSubsets(service: Persisted<Service>, pods: readonly Persisted<Pod>[]): EndpointSubset[] {
  const publishesAll = service.spec.publishNotReadyAddresses === true
  const ports = new Map<string, Port>()
  for (const pod of pods.filter((one) => hasEndpoint(one) && (publishesAll || !isPodTerminating(one)))) {
    const address = addressIn(service, pod)
    if (!address) continue
    const member = { address, isReady: publishesAll || isPodReady(pod) }
    for (const port of portsIn(service, pod)) {
      const key = JSON.stringify(port ?? null)
      const known = ports.get(key)
      if (known) known.members.push(member)
      else ports.set(key, { port, members: [member] })
    }
  }
  return [...groupByMembers([...ports.values()]).values()].map(subsetOf).sort(comparePorts)
}

function addressIn(service: Service, pod: Persisted<Pod>): EndpointAddress | undefined {
  const [ip] = addressesOf(pod, service.spec.ipFamilies?.[0] ?? 'IPv4')
  if (ip === undefined) return undefined
  const hostname = hostnameIn(service, pod)
  const { nodeName } = pod.spec
  return { ip, ...(hostname ? { hostname } : {}), ...(nodeName ? { nodeName } : {}), targetRef: referenceTo(pod) }
}

/** Those that the Pod has. */
function portsIn(service: Service, pod: Pod): (EndpointPort | undefined)[] {
  const { ports = [] } = service.spec
  if (ports.length === 0 && !hasClusterIp(service)) return [undefined]
  return ports.flatMap((servicePort) => {
    const port = targetPortOf(pod, servicePort)
    const { name, protocol = 'TCP', appProtocol } = servicePort
    return port === undefined
      ? []
      : [{ ...(name ? { name } : {}), port, protocol, ...(appProtocol ? { appProtocol } : {}) }]
  })
}

function groupByMembers(ports: readonly Port[]): Map<string, Port[]> {
  const groups = new Map<string, Port[]>()
  for (const one of ports) {
    const key = one.members
      .map(({ address }) => `${address.ip} ${address.targetRef?.uid}`)
      .sort()
      .join()
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return groups
}

function subsetOf(group: readonly Port[]): EndpointSubset {
  const members = [...(group[0]?.members ?? [])].sort(compareMembers)
  const addresses = members.filter(({ isReady }) => isReady).map(({ address }) => address)
  const notReadyAddresses = members.filter(({ isReady }) => !isReady).map(({ address }) => address)
  const ports = group.map(({ port }) => port).filter((port) => port !== undefined)
  return {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  }
}

function compareMembers({ address: a }: Member, { address: b }: Member): number {
  return compareAddresses(a.ip, b.ip) || compareStrings(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '')
}

function comparePorts({ ports: [a] = [] }: EndpointSubset, { ports: [b] = [] }: EndpointSubset): number {
  return compareStrings(a?.name ?? '', b?.name ?? '') || (a?.port ?? 0) - (b?.port ?? 0)
}
