import type { Container, ContainerPort } from '../../../shared/api/generated/core-v1.ts'

interface Port extends ContainerPort {
  path: string
}

/** Ports of a Pod's containers, each with where it is, that say the same or contradict each other. */
export function portWarnings(containers: readonly [Container, string][]): string[] {
  const ports = containers.flatMap(([container, path]) =>
    (container.ports ?? []).map((port, index): Port => ({ ...port, path: `${path}.ports[${index}]` })),
  )
  return ports.flatMap((port, index) => [
    ...withoutHostPort(port),
    ...ports.slice(0, index).flatMap((other) => {
      const how = isSamePort(port, other) ? overlap(port, other) : undefined
      return how ? [`${port.path}: ${how} port definition with ${other.path}`] : []
    }),
  ])
}

function withoutHostPort({ path, name = '', hostPort = 0, containerPort, protocol, hostIP }: Port): string[] {
  if (!hostIP || hostPort) return []
  const port = `Name:${name} HostPort:0 ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}`
  return [`${path}: hostIP set without hostPort: {${port}}`]
}

function isSamePort(port: Port, other: Port): boolean {
  return port.containerPort === other.containerPort && port.protocol === other.protocol
}

function overlap(port: Port, other: Port): string | undefined {
  const [hostPort, hostIP, otherPort, otherIP] = [
    port.hostPort ?? 0,
    port.hostIP ?? '',
    other.hostPort ?? 0,
    other.hostIP ?? '',
  ]
  if (hostIP === otherIP && hostPort === otherPort) return 'duplicate'
  if (!hostPort || !otherPort) return 'overlapping'
  return hostPort === otherPort && (!hostIP || !otherIP) ? 'dangerously ambiguous' : undefined
}
