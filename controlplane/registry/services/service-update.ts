import { isDeepStrictEqual } from 'node:util'
import type { ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import type { Service } from '../../../shared/api/kinds.ts'
import {
  isExternallyAccessible,
  isLoadBalancer,
  needsClusterIp,
  needsHealthCheck,
  needsNodePort,
} from './service-type.ts'

/**
 * What a writer of a Service means who does not repeat what the system once gave it. A client that knows `clusterIP`
 * alone changes that alone; a manifest that names no node port wants to keep the one there is.
 */
export function keepAllocated(spec: ServiceSpec, before: ServiceSpec): void {
  keepClusterIps(spec, before)
  if (needsNodePort(spec) && needsNodePort(before)) keepNodePorts(spec, before)
  if (needsHealthCheck(spec) && needsHealthCheck(before) && before.healthCheckNodePort) {
    spec.healthCheckNodePort ??= before.healthCheckNodePort
  }
}

function keepClusterIps(spec: ServiceSpec, before: ServiceSpec): void {
  const isUnchanged = isDeepStrictEqual(spec.clusterIPs, before.clusterIPs)
  if (spec.clusterIP !== before.clusterIP && isUnchanged) {
    if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP]
    else delete spec.clusterIPs
  }
  if (!needsClusterIp(spec) || !needsClusterIp(before)) return
  if (before.ipFamilyPolicy) spec.ipFamilyPolicy ??= before.ipFamilyPolicy
  if (before.clusterIP) spec.clusterIP ??= before.clusterIP
  if (!spec.clusterIPs && spec.clusterIP === before.clusterIP && before.clusterIPs) {
    spec.clusterIPs = [...before.clusterIPs]
  }
}

/** By the ports' names: everything else about a port may have changed. */
function keepNodePorts(spec: ServiceSpec, before: ServiceSpec): void {
  const byName = new Map((before.ports ?? []).map(({ name, nodePort }) => [name, nodePort]))
  const taken = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort))
  for (const port of spec.ports ?? []) {
    const old = byName.get(port.name)
    if (port.nodePort || !old || taken.has(old)) continue
    port.nodePort = old
    taken.add(old)
  }
}

/** Takes away what a Service's new type has no use for, where its writer has not set it to something else. */
export function dropTypeDependent(service: Service, { spec: before }: Service): void {
  const { spec } = service
  const isSame = (field: keyof ServiceSpec) => isDeepStrictEqual(spec[field], before[field])
  const drop = (...fields: (keyof ServiceSpec)[]) => {
    if (fields.every(isSame)) for (const field of fields) delete spec[field]
  }
  if (needsClusterIp(before) && !needsClusterIp(spec)) {
    drop('clusterIP', 'clusterIPs')
    drop('ipFamilies')
    drop('ipFamilyPolicy')
  }
  if (needsNodePort(before) && !needsNodePort(spec)) dropNodePorts(spec, before)
  if (isExternallyAccessible(before) && !isExternallyAccessible(spec)) drop('externalTrafficPolicy')
  if (needsHealthCheck(before) && !needsHealthCheck(spec)) drop('healthCheckNodePort')
  if (isLoadBalancer(before) && !isLoadBalancer(spec)) {
    drop('allocateLoadBalancerNodePorts')
    drop('loadBalancerClass')
  }
  if (!isLoadBalancer(spec)) service.status = { ...service.status, loadBalancer: {} }
}

function dropNodePorts(spec: ServiceSpec, before: ServiceSpec): void {
  const old = new Set((before.ports ?? []).map(({ nodePort }) => nodePort))
  const ports = spec.ports ?? []
  if (!ports.every(({ nodePort }) => !nodePort || old.has(nodePort))) return
  for (const port of ports) delete port.nodePort
}
