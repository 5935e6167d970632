import type { Endpoint, EndpointHints, EndpointPort } from '../../../shared/api/generated/discovery-v1.ts'
import type { EndpointSlice } from '../../../shared/api/kinds.ts'
import { checkNumber } from '../pods/port-validation.ts'
import { isIPv4Address, isIPv6Address, isUnicastElsewhere } from '../validation/addresses.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { validateLabels } from '../validation/labels.ts'
import { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName, type NameRule } from '../validation/names.ts'

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const MOST_ENDPOINTS = 1000
const MOST_ADDRESSES = 100
const MOST_PORTS = 20_000
const MOST_TOPOLOGY_LABELS = 16
const MOST_HINTS = 8

const FULL_NAME_EXAMPLE = 'should be a domain with at least two segments separated by dots'

const ADDRESS_RULES: Readonly<Record<string, NameRule>> = {
  FQDN: (text) => [...isDnsSubdomain(text), ...(text.includes('.') ? [] : [FULL_NAME_EXAMPLE])],
  IPv4: (text) => both(text, isIPv4Address),
  IPv6: (text) => both(text, isIPv6Address),
}

function both(text: string, isOfFamily: NameRule): string[] {
  const wrong = isOfFamily(text)
  return wrong.length > 0 ? wrong : isUnicastElsewhere(text)
}

export function validateEndpointSlice(slice: EndpointSlice, errors: FieldErrors): void {
  const { addressType, endpoints = [], ports = [] } = slice
  errors.oneOf('addressType', addressType, Object.keys(ADDRESS_RULES))
  if (endpoints.length > MOST_ENDPOINTS) errors.tooMany('endpoints', endpoints.length, MOST_ENDPOINTS)
  else {
    const rule = Object.hasOwn(ADDRESS_RULES, addressType) ? ADDRESS_RULES[addressType] : undefined
    for (const [index, endpoint] of endpoints.entries()) validateEndpoint(endpoint, `endpoints[${index}]`, rule, errors)
  }
  if (ports.length > MOST_PORTS) errors.tooMany('ports', ports.length, MOST_PORTS)
  else validatePorts(ports, 'ports', errors)
}

function validateEndpoint(endpoint: Endpoint, path: string, rule: NameRule | undefined, errors: FieldErrors): void {
  const { addresses, hostname, nodeName, deprecatedTopology, hints } = endpoint
  if (addresses.length === 0) errors.required(`${path}.addresses`, 'must contain at least 1 address')
  if (addresses.length > MOST_ADDRESSES) errors.tooMany(`${path}.addresses`, addresses.length, MOST_ADDRESSES)
  for (const [index, address] of addresses.entries()) {
    if (rule) errors.check(`${path}.addresses[${index}]`, address, rule)
  }
  if (nodeName !== undefined) errors.check(`${path}.nodeName`, nodeName, isDnsSubdomain)
  if (hostname !== undefined) errors.check(`${path}.hostname`, hostname, isDnsLabel)
  validateTopology(deprecatedTopology, `${path}.deprecatedTopology`, errors)
  if (hints) validateHints(hints, `${path}.hints`, errors)
}

function validateTopology(labels: Record<string, string> | undefined, path: string, errors: FieldErrors): void {
  const count = Object.keys(labels ?? {}).length
  if (count > MOST_TOPOLOGY_LABELS) errors.tooMany(path, count, MOST_TOPOLOGY_LABELS)
  validateLabels(labels, path, errors)
}

function validateHints({ forZones = [], forNodes = [] }: EndpointHints, path: string, errors: FieldErrors): void {
  validateNames(forZones, `${path}.forZones`, isLabelValue, errors)
  validateNames(forNodes, `${path}.forNodes`, isDnsSubdomain, errors)
}

function validateNames(hints: readonly { name: string }[], path: string, rule: NameRule, errors: FieldErrors): void {
  if (hints.length > MOST_HINTS) {
    errors.tooMany(path, hints.length, MOST_HINTS)
    return
  }
  const seen = new Set<string>()
  for (const [index, { name }] of hints.entries()) {
    const at = `${path}[${index}].name`
    if (seen.has(name)) errors.duplicate(at, name)
    seen.add(name)
    errors.check(at, name, rule)
  }
}

function validatePorts(ports: readonly EndpointPort[], path: string, errors: FieldErrors): void {
  const names = new Set<string>()
  for (const [index, { name = '', protocol, port, appProtocol }] of ports.entries()) {
    const at = `${path}[${index}]`
    if (name) errors.check(`${at}.name`, name, isDnsLabel)
    if (names.has(name)) errors.duplicate(`${at}.name`, name)
    names.add(name)
    errors.oneOf(`${at}.protocol`, protocol, PROTOCOLS)
    if (port !== undefined) checkNumber(port, `${at}.port`, errors)
    if (appProtocol !== undefined) errors.check(`${at}.appProtocol`, appProtocol, isQualifiedName)
  }
}
