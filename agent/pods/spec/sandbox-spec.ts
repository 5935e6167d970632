import { isIP } from 'node:net'
import type { Pod, PodSpec } from '../../../shared/api/generated/core-v1.ts'
import { sysctlName } from '../../../shared/sysctls.ts'
import type { ResolvConf } from '../../network/resolv-conf.ts'
import { type PublishedPort, RuntimeFailure, type SandboxSpec, type VolumeSpec } from '../../runtime/runtime.ts'
import { namespacesOf } from './namespaces.ts'
import { identityOf } from './pod-identity.ts'
import { podNames } from './pod-names.ts'

/**
 * What the Pod's sandbox is to be: its names, network and ports, with these volumes. Without `dns` the runtime resolves
 * as the machine does. Throws a RuntimeFailure where it cannot be made so.
 */
export function sandboxSpec(pod: Pod, volumes: VolumeSpec[] = [], dns?: ResolvConf): SandboxSpec {
  const spec = pod.spec ?? { containers: [] }
  const sysctls = spec.securityContext?.sysctls ?? []
  return {
    pod: identityOf(pod),
    ...podNames(pod),
    ...(dns ? { dns } : {}),
    hosts: (spec.hostAliases ?? []).map(({ ip, hostnames }) => ({ ip, hostnames: hostnames ?? [] })),
    ports: spec.hostNetwork ? [] : publishedPorts(spec),
    hostNetwork: spec.hostNetwork ?? false,
    namespaces: namespacesOf(spec),
    privileged: hasPrivileged(spec),
    sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [sysctlName(name), value])),
    hasSecrets: namesSecrets(spec),
    volumes,
  }
}

function namesSecrets({ containers, initContainers = [] }: PodSpec): boolean {
  return [...initContainers, ...containers].some(({ env = [], envFrom = [] }) => {
    return env.some(({ valueFrom }) => valueFrom?.secretKeyRef) || envFrom.some(({ secretRef }) => secretRef)
  })
}

function hasPrivileged({ containers, initContainers = [] }: PodSpec): boolean {
  return [...initContainers, ...containers].some(({ securityContext }) => securityContext?.privileged)
}

function publishedPorts({ containers, initContainers }: PodSpec): PublishedPort[] {
  const ports = [...(initContainers ?? []), ...containers].flatMap((container) => container.ports ?? [])
  return ports.flatMap(({ containerPort, hostPort, hostIP, protocol }) => {
    if (!hostPort) return []
    // Docker would publish it on every address of the machine.
    if (hostIP && !isIP(hostIP))
      throw new RuntimeFailure('invalid', `host IP ${hostIP} of port ${hostPort} is no IP address`)
    const published = { containerPort, hostPort, protocol: (protocol ?? 'TCP') as PublishedPort['protocol'] }
    return [hostIP ? { ...published, hostIP } : published]
  })
}
