import type { EndpointSlice, Service } from '../../../shared/api/kinds.ts'

/** A Service as names see it. */
export type DirectoryEntry = { namespace: string; name: string } & (
  | { type: 'clusterIP'; address: string; ports: NamedPort[] }
  | { type: 'headless'; endpoints: NamedEndpoint[] }
  | { type: 'externalName'; target: string }
)

export interface NamedPort {
  name: string
  /** In lower case, such as `tcp`. */
  protocol: string
  port: number
}

export interface NamedEndpoint {
  address: string
  /** Its hostname, or its address with dashes where it has none. */
  label: string
  hasHostname: boolean
  ports: NamedPort[]
}

/** Looks Services up by name and by address. Immutable: a change makes a new one. */
export class ServiceDirectory {
  readonly #entries = new Map<string, DirectoryEntry>()
  readonly #namespaces = new Set<string>()
  readonly #byAddress = new Map<string, DirectoryEntry>()

  constructor(services: Iterable<Service>, slices: Iterable<EndpointSlice>) {
    const slicesOf = byService(slices)
    for (const service of services) this.#add(entryOf(service, slicesOf.get(keyOf(service)) ?? []))
  }

  entry(namespace: string, name: string): DirectoryEntry | undefined {
    return this.#entries.get(`${namespace}/${name}`)
  }

  /** Whether it has Services. */
  hasNamespace(namespace: string): boolean {
    return this.#namespaces.has(namespace)
  }

  /** The Service with this cluster IP, or the headless one with an endpoint there. */
  withAddress(address: string): DirectoryEntry | undefined {
    return this.#byAddress.get(address)
  }

  #add(entry: DirectoryEntry | undefined): void {
    if (!entry) return
    this.#entries.set(`${entry.namespace}/${entry.name}`, entry)
    this.#namespaces.add(entry.namespace)
    if (entry.type === 'clusterIP') this.#byAddress.set(entry.address, entry)
    if (entry.type === 'headless') for (const { address } of entry.endpoints) this.#nameEndpoint(address, entry)
  }

  /** An endpoint of several Services goes by the one that gives it a hostname. */
  #nameEndpoint(address: string, entry: DirectoryEntry & { type: 'headless' }): void {
    const hasHostname = entry.endpoints.some((endpoint) => endpoint.address === address && endpoint.hasHostname)
    if (hasHostname || !this.#byAddress.has(address)) this.#byAddress.set(address, entry)
  }
}

function byService(slices: Iterable<EndpointSlice>): Map<string, EndpointSlice[]> {
  const found = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const name = slice.metadata.labels?.['kubernetes.io/service-name']
    if (name === undefined || slice.addressType !== 'IPv4') continue
    const key = `${slice.metadata.namespace}/${name}`
    found.set(key, [...(found.get(key) ?? []), slice])
  }
  return found
}

function keyOf({ metadata }: Service): string {
  return `${metadata.namespace}/${metadata.name}`
}

function entryOf({ metadata, spec = {} }: Service, slices: readonly EndpointSlice[]): DirectoryEntry | undefined {
  const { namespace = '', name = '' } = metadata
  if (spec.type === 'ExternalName') return { namespace, name, type: 'externalName', target: spec.externalName ?? '' }
  if (spec.clusterIP === 'None') return { namespace, name, type: 'headless', endpoints: slices.flatMap(endpointsOf) }
  if (!spec.clusterIP) return undefined
  return { namespace, name, type: 'clusterIP', address: spec.clusterIP, ports: (spec.ports ?? []).map(namedPort) }
}

function endpointsOf({ endpoints = [], ports = [] }: EndpointSlice): NamedEndpoint[] {
  const named = ports.flatMap((port) => (port.port === undefined ? [] : [namedPort({ ...port, port: port.port })]))
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false)
  return ready.flatMap(({ addresses, hostname }) =>
    addresses.map((address) => {
      const label = hostname?.toLowerCase() ?? address.replaceAll('.', '-')
      return { address, label, hasHostname: hostname !== undefined, ports: named }
    }),
  )
}

function namedPort({
  name = '',
  protocol = 'TCP',
  port,
}: {
  name?: string
  protocol?: string
  port: number
}): NamedPort {
  return { name: name.toLowerCase(), protocol: protocol.toLowerCase(), port }
}
