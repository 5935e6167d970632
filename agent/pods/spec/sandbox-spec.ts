import type { Pod, PodSpec } from '../../../shared/api/generated/core-v1.ts'
import type { PublishedPort, SandboxSpec, VolumeSpec } from '../../runtime/runtime.ts'
import { identityOf } from './pod-identity.ts'

const MAX_HOSTNAME = 63

/** What the Pod's sandbox is to be: its name, network and ports, with these volumes. */
export function sandboxSpec(pod: Pod, volumes: VolumeSpec[] = []): SandboxSpec {
  const spec = pod.spec ?? { containers: [] }
  const dns = dnsOf(spec)
  return {
    pod: identityOf(pod),
    hostname: hostnameOf(pod),
    ...(dns ? { dns } : {}),
    hosts: (spec.hostAliases ?? []).map(({ ip, hostnames }) => ({ ip, hostnames: hostnames ?? [] })),
    ports: spec.hostNetwork ? [] : publishedPorts(spec),
    hostNetwork: spec.hostNetwork ?? false,
    volumes,
  }
}

function hostnameOf({ metadata, spec }: Pod): string {
  return (spec?.hostname || metadata.name || '').slice(0, MAX_HOSTNAME).replace(/[-.]+$/, '')
}

/** Undefined leaves it to the runtime, which resolves as the machine does. */
function dnsOf({ dnsConfig }: PodSpec): SandboxSpec['dns'] {
  if (!dnsConfig) return undefined
  return {
    servers: dnsConfig.nameservers ?? [],
    searches: dnsConfig.searches ?? [],
    options: (dnsConfig.options ?? []).map(({ name, value }) => (value ? `${name}:${value}` : `${name}`)),
  }
}

function publishedPorts({ containers, initContainers }: PodSpec): PublishedPort[] {
  const ports = [...(initContainers ?? []), ...containers].flatMap((container) => container.ports ?? [])
  return ports.flatMap(({ containerPort, hostPort, hostIP, protocol }) => {
    if (!hostPort) return []
    const published = { containerPort, hostPort, protocol: (protocol ?? 'TCP') as PublishedPort['protocol'] }
    return [hostIP ? { ...published, hostIP } : published]
  })
}
