import { isIPv6 } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { Container, ObjectReference, ServicePort } from '../../../shared/api/generated/core-v1.ts'
import type { Pod, Service } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { isPodFinished, isPodReady, isPodTerminating } from '../pods/pod-state.ts'

/** A Pod that traffic could be sent to, ready or not: it has an address, and may still answer. */
export function hasEndpoint(pod: Pod): boolean {
  return !isPodFinished(pod) && addressesOf(pod).length > 0
}

/** All addresses of a Pod, or those of a family. */
export function addressesOf({ status }: Pod, family?: string): string[] {
  const all = status?.podIPs?.map(({ ip }) => ip) ?? (status?.podIP ? [status.podIP] : [])
  return family === undefined ? all : all.filter((address) => isIPv6(address) === (family === 'IPv6'))
}

/** Where a port of a Service leads in a Pod; undefined where it names a port that the Pod does not have. */
export function targetPortOf(pod: Pod, { targetPort, port, protocol }: ServicePort): number | undefined {
  if (typeof targetPort !== 'string') return targetPort ?? port
  const named = lastingContainers(pod).flatMap(({ ports = [] }) => ports)
  return named.find((one) => one.name === targetPort && (one.protocol ?? 'TCP') === (protocol ?? 'TCP'))?.containerPort
}

/** Sidecars come after the containers proper. */
function lastingContainers({ spec }: Pod): Container[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  return [...spec.containers, ...sidecars]
}

/** The name under which DNS knows the Pod within a headless Service that its subdomain names. */
export function hostnameIn({ metadata }: Service, { spec }: Pod): string | undefined {
  return spec.subdomain === metadata.name ? spec.hostname || undefined : undefined
}

export function referenceTo({ metadata }: Persisted<Pod>): ObjectReference {
  const { name, namespace, uid } = metadata
  return { kind: 'Pod', name, uid, ...(namespace ? { namespace } : {}) }
}

/** Ports of a Service may be left out where it only gives names to its Pods. */
export function hasClusterIp({ spec }: Service): boolean {
  return Boolean(spec.clusterIP) && spec.clusterIP !== 'None'
}

/** Whether two versions of a Pod may differ in which Services it belongs to, or in what it is to them. */
export function changesEndpoints(before: Persisted<Pod>, after: Persisted<Pod>): boolean {
  return !isDeepStrictEqual(whatMatters(before), whatMatters(after))
}

function whatMatters(pod: Persisted<Pod>): unknown[] {
  const { metadata, spec } = pod
  const state = [isPodFinished(pod), isPodTerminating(pod), isPodReady(pod)]
  return [metadata.labels, spec.nodeName, spec.hostname, spec.subdomain, addressesOf(pod), state]
}
