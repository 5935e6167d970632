import type { Service } from '../../../shared/api/kinds.ts'
import { isOwnBalancer } from '../../../shared/own-balancer.ts'
import type { PublishedPort } from '../../runtime/runtime.ts'
import { hasClusterIP } from '../services/service-frontends.ts'

/**
 * The ports of the machine at which a Service is met, or its health asked for: node ports and a balancer's ports on all of
 * the machine's addresses, ports of external addresses on those of them that are the machine's. Each leads to the port of
 * the same number.
 */
export function publishedPorts(service: Service, ownAddresses: readonly string[]): PublishedPort[] {
  if (!hasClusterIP(service)) return []
  const { ports = [], externalIPs = [] } = service.spec
  const found = new Map<string, PublishedPort>()
  const publish = (hostPort: number | undefined, protocol = 'TCP', hostIP?: string) => {
    if (!hostPort || (protocol !== 'TCP' && protocol !== 'UDP')) return
    const everywhere = `${protocol} ${hostPort}`
    const key = hostIP === undefined ? everywhere : `${everywhere} ${hostIP}`
    if (found.has(everywhere) || found.has(key)) return
    found.set(key, { containerPort: hostPort, hostPort, protocol, ...(hostIP === undefined ? {} : { hostIP }) })
  }
  for (const { nodePort, protocol } of ports) publish(nodePort, protocol)
  publish(healthCheckPort(service))
  if (isOwnBalancer(service)) for (const { port, protocol } of ports) publish(port, protocol)
  for (const ip of externalIPs.filter((address) => ownAddresses.includes(address))) {
    for (const { port, protocol } of ports) publish(port, protocol, ip)
  }
  return [...found.values()]
}

/** Where load balancers ask whether the machine has endpoints of the Service, over TCP. */
export function healthCheckPort({ spec }: Service): number | undefined {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local' ? spec.healthCheckNodePort : undefined
}
