import type { ServicePort, ServiceSpec } from '../../../shared/api/generated/core-v1.ts'
import { checkNumber, validatePortReference } from '../pods/port-validation.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isDnsLabel, isQualifiedName } from '../validation/names.ts'
import { isHeadless } from './service-type.ts'

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

export function validateServicePorts(spec: ServiceSpec, path: string, errors: FieldErrors): void {
  const { ports = [], type } = spec
  const at = `${path}.ports`
  if (ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName') errors.required(at)
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    validatePort(port, `${at}[${index}]`, ports.length > 1, errors)
    if (port.name && names.has(port.name)) errors.duplicate(`${at}[${index}].name`, port.name)
    if (port.name) names.add(port.name)
    if (type === 'ClusterIP' && port.nodePort) {
      errors.forbidden(`${at}[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'")
    }
  }
  validateDistinct(ports, at, errors)
}

function validatePort(port: ServicePort, path: string, needsName: boolean, errors: FieldErrors): void {
  if (port.name) errors.check(`${path}.name`, port.name, isDnsLabel)
  else if (needsName) errors.required(`${path}.name`)
  checkNumber(port.port, `${path}.port`, errors)
  errors.oneOf(`${path}.protocol`, port.protocol, PROTOCOLS)
  if (port.protocol === 'SCTP') errors.forbidden(`${path}.protocol`, 'nodes balance TCP and UDP only')
  validatePortReference(port.targetPort ?? 0, `${path}.targetPort`, errors)
  if (port.nodePort !== undefined) checkNumber(port.nodePort, `${path}.nodePort`, errors)
  if (port.appProtocol !== undefined) errors.check(`${path}.appProtocol`, port.appProtocol, isQualifiedName)
}

/** One port of one protocol leads to one place. */
function validateDistinct(ports: readonly ServicePort[], path: string, errors: FieldErrors): void {
  const nodePorts = new Set<string>()
  const ownPorts = new Set<string>()
  for (const [index, { protocol, port, nodePort }] of ports.entries()) {
    if (nodePort && nodePorts.has(`${protocol}/${nodePort}`)) errors.duplicate(`${path}[${index}].nodePort`, nodePort)
    if (ownPorts.has(`${protocol}/${port}`)) errors.duplicate(`${path}[${index}]`, { protocol, port })
    nodePorts.add(`${protocol}/${nodePort}`)
    ownPorts.add(`${protocol}/${port}`)
  }
}
