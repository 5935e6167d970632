import type { EndpointAddress, EndpointPort, EndpointSubset } from '../../../shared/api/generated/core-v1.ts'
import { checkNumber } from '../pods/port-validation.ts'
import { isUnicastElsewhere } from '../validation/addresses.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isDnsLabel, isDnsSubdomain, isQualifiedName } from '../validation/names.ts'

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

export function validateSubsets(subsets: readonly EndpointSubset[], path: string, errors: FieldErrors): void {
  for (const [index, { addresses = [], notReadyAddresses = [], ports = [] }] of subsets.entries()) {
    const at = `${path}[${index}]`
    if (addresses.length + notReadyAddresses.length === 0) {
      errors.required(at, 'must specify `addresses` or `notReadyAddresses`')
    }
    validateAddresses(addresses, `${at}.addresses`, errors)
    validateAddresses(notReadyAddresses, `${at}.notReadyAddresses`, errors)
    for (const [portIndex, port] of ports.entries()) {
      validatePort(port, `${at}.ports[${portIndex}]`, ports.length > 1, errors)
    }
  }
}

function validateAddresses(addresses: readonly EndpointAddress[], path: string, errors: FieldErrors): void {
  for (const [index, { ip, hostname, nodeName }] of addresses.entries()) {
    const at = `${path}[${index}]`
    errors.check(`${at}.ip`, ip, isUnicastElsewhere)
    if (hostname) errors.check(`${at}.hostname`, hostname, isDnsLabel)
    if (nodeName !== undefined) errors.check(`${at}.nodeName`, nodeName, isDnsSubdomain)
  }
}

function validatePort(port: EndpointPort, path: string, needsName: boolean, errors: FieldErrors): void {
  if (port.name) errors.check(`${path}.name`, port.name, isDnsLabel)
  else if (needsName) errors.required(`${path}.name`)
  checkNumber(port.port, `${path}.port`, errors)
  errors.oneOf(`${path}.protocol`, port.protocol, PROTOCOLS)
  if (port.appProtocol !== undefined) errors.check(`${path}.appProtocol`, port.appProtocol, isQualifiedName)
}
