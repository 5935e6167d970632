import type { Container, ContainerPort } from '../../../shared/api/generated/core-v1.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isPortName, isPortNumber } from '../validation/names.ts'

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

export function validatePorts(ports: readonly ContainerPort[], path: string, errors: FieldErrors): void {
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`
    if (port.name) {
      errors.check(`${at}.name`, port.name, isPortName)
      if (names.has(port.name)) errors.duplicate(`${at}.name`, port.name)
      names.add(port.name)
    }
    if (port.containerPort === 0) errors.required(`${at}.containerPort`)
    else checkNumber(port.containerPort, `${at}.containerPort`, errors)
    if (port.hostPort) checkNumber(port.hostPort, `${at}.hostPort`, errors)
    errors.oneOf(`${at}.protocol`, port.protocol, PROTOCOLS)
  }
}

/** No port of the host twice among containers that run at the same time; `taken` gathers theirs. */
export function validateHostPorts(
  { ports = [] }: Container,
  taken: Set<string>,
  path: string,
  errors: FieldErrors,
): void {
  for (const [index, { hostPort, hostIP = '', protocol }] of ports.entries()) {
    if (!hostPort) continue
    const address = `${protocol}/${hostIP}/${hostPort}`
    if (taken.has(address)) errors.duplicate(`${path}.ports[${index}].hostPort`, address)
    taken.add(address)
  }
}

/** On the host's own network a port cannot be another one outside. In a template it may be left open. */
export function validateHostNetwork(containers: readonly Container[], path: string, errors: FieldErrors): void {
  for (const [index, container] of containers.entries()) {
    for (const [portIndex, { hostPort, containerPort }] of (container.ports ?? []).entries()) {
      if (!hostPort || hostPort === containerPort) continue
      const at = `${path}[${index}].ports[${portIndex}].hostPort`
      errors.invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true')
    }
  }
}

/** A number, or the name of one of the container's ports. */
export function validatePortReference(port: number | string, path: string, errors: FieldErrors): void {
  if (typeof port === 'number') checkNumber(port, path, errors)
  else errors.check(path, port, isPortName)
}

export function checkNumber(port: number, path: string, errors: FieldErrors): void {
  for (const why of isPortNumber(port)) errors.invalid(path, port, why)
}
