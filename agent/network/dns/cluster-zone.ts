import type { Answer, RecordType } from 'dns-packet'
import type { DirectoryEntry, NamedEndpoint, NamedPort, ServiceDirectory } from './service-directory.ts'

/** In seconds. Short, so that a resolver follows what changes. */
const RECORD_TTL = 5

/** What a zone says to a question. Without answers the zone's SOA goes with it, which says how long that holds. */
export interface ZoneAnswer {
  exists: boolean
  answers: Answer[]
  additionals: Answer[]
  /** The name that the last answer, a CNAME, leads to: it may be another zone's. */
  leadsTo?: string
}

/** A name below a Service's: what addresses it has, and at which ports it serves. */
interface Target {
  name: string
  addresses: string[]
  ports: NamedPort[]
}

const ABSENT: ZoneAnswer = { exists: false, answers: [], additionals: [] }
const EMPTY: ZoneAnswer = { exists: true, answers: [], additionals: [] }
/** Of the Kubernetes DNS-based service discovery specification. */
const SPECIFICATION = '1.1.0'

/**
 * The names of a cluster, as Kubernetes' DNS-based service discovery has them: Services, endpoints of headless ones,
 * ports (SRV), addresses of Pods with dashes, and the way back from an address (PTR). Pure.
 */
export class ClusterZone {
  /** Such as `cluster.local`. */
  readonly domain: string
  readonly #directory: ServiceDirectory

  constructor(domain: string, directory: ServiceDirectory) {
    this.domain = domain
    this.#directory = directory
  }

  /** `name` in lower case; undefined where it is not in this zone. */
  answer(name: string, type: RecordType): ZoneAnswer | undefined {
    if (name === this.domain) return this.#apex(type)
    if (!name.endsWith(`.${this.domain}`)) return undefined
    const [kind, ...labels] = name
      .slice(0, -this.domain.length - 1)
      .split('.')
      .reverse()
    if (kind === 'svc') return this.#service(name, type, labels)
    if (kind === 'pod') return podAnswer(name, type, labels)
    if (kind === 'dns-version' && labels.length === 0) return of(type === 'TXT' ? [txt(name, SPECIFICATION)] : [])
    return ABSENT
  }

  /** The name of an address, if it is one of the cluster's. */
  reverse(name: string, address: string, type: RecordType): ZoneAnswer | undefined {
    const entry = this.#directory.withAddress(address)
    if (!entry) return undefined
    const names = entry.type === 'headless' ? labelsAt(entry.endpoints, address) : ['']
    const targets = names.map((label) => `${label && `${label}.`}${this.#nameOf(entry)}`)
    return of(type === 'PTR' ? targets.map((data) => ({ type: 'PTR', name, ttl: RECORD_TTL, data })) : [])
  }

  /** Says how long an absence holds. */
  authority(): Answer {
    const [mname, rname] = [`ns.dns.${this.domain}`, `hostmaster.${this.domain}`]
    const times = { serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: RECORD_TTL }
    return { type: 'SOA', name: this.domain, ttl: RECORD_TTL, data: { mname, rname, ...times } }
  }

  #apex(type: RecordType): ZoneAnswer {
    if (type === 'SOA') return of([this.authority()])
    if (type !== 'NS') return EMPTY
    return of([{ type: 'NS', name: this.domain, ttl: RECORD_TTL, data: `ns.dns.${this.domain}` }])
  }

  /** `labels` below `svc`: the namespace first. */
  #service(name: string, type: RecordType, labels: readonly string[]): ZoneAnswer {
    const [namespace, service, ...below] = labels
    if (namespace === undefined) return EMPTY
    if (service === undefined) return this.#directory.hasNamespace(namespace) ? EMPTY : ABSENT
    const entry = this.#directory.entry(namespace, service)
    return entry ? this.#below(entry, name, type, below) : ABSENT
  }

  #below(entry: DirectoryEntry, name: string, type: RecordType, labels: readonly string[]): ZoneAnswer {
    const [first, second] = labels
    if (labels.length > 2) return ABSENT
    if (first?.startsWith('_')) return this.#ports(entry, name, type, first.slice(1), second)
    if (second !== undefined) return ABSENT
    if (first === undefined) return this.#self(entry, name, type)
    const found = entry.type === 'headless' ? entry.endpoints.filter(({ label }) => label === first) : []
    if (found.length === 0) return ABSENT
    return this.#targets(
      name,
      type,
      found.map((endpoint) => endpointTarget(endpoint, name)),
    )
  }

  #self(entry: DirectoryEntry, name: string, type: RecordType): ZoneAnswer {
    if (entry.type === 'externalName') {
      const alias: Answer = { type: 'CNAME', name, ttl: RECORD_TTL, data: entry.target }
      return type === 'CNAME' ? of([alias]) : { ...of([alias]), leadsTo: entry.target }
    }
    return this.#targets(name, type, this.#targetsOf(entry))
  }

  /** `_protocol` below a Service, and `_port` below that. */
  #ports(entry: DirectoryEntry, name: string, type: RecordType, protocol: string, port?: string): ZoneAnswer {
    if (port !== undefined && !port.startsWith('_')) return ABSENT
    const isMeant = (candidate: NamedPort) =>
      candidate.protocol === protocol && (port === undefined || candidate.name === port.slice(1))
    const targets = this.#targetsOf(entry).map((target) => ({ ...target, ports: target.ports.filter(isMeant) }))
    const serving = targets.filter(({ ports }) => ports.length > 0)
    if (serving.length === 0) return ABSENT
    return type === 'SRV' && port !== undefined ? services(name, serving) : EMPTY
  }

  #targets(name: string, type: RecordType, targets: readonly Target[]): ZoneAnswer {
    if (type === 'SRV') return services(name, targets)
    if (type !== 'A') return EMPTY
    return of(distinct(targets.flatMap(({ addresses }) => addresses)).map((address) => a(name, address)))
  }

  #targetsOf(entry: DirectoryEntry): Target[] {
    const name = this.#nameOf(entry)
    if (entry.type === 'clusterIP') return [{ name, addresses: [entry.address], ports: entry.ports }]
    if (entry.type === 'externalName') return []
    return entry.endpoints.map((endpoint) => endpointTarget(endpoint, `${endpoint.label}.${name}`))
  }

  #nameOf({ namespace, name }: DirectoryEntry): string {
    return `${name}.${namespace}.svc.${this.domain}`
  }
}

/** A Pod's address with dashes is a name in its namespace. Nobody checks that there is such a Pod. */
function podAnswer(name: string, type: RecordType, labels: readonly string[]): ZoneAnswer {
  const [namespace, dashed, ...below] = labels
  if (namespace === undefined || dashed === undefined) return EMPTY
  const address = below.length === 0 ? ipv4(dashed.split('-')) : undefined
  if (address === undefined) return ABSENT
  return of(type === 'A' ? [a(name, address)] : [])
}

/** Four numbers of a byte, as an address. */
export function ipv4(parts: readonly string[]): string | undefined {
  const isByte = (part: string) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255
  return parts.length === 4 && parts.every(isByte) ? parts.join('.') : undefined
}

function services(name: string, targets: readonly Target[]): ZoneAnswer {
  const all = targets.flatMap((target) => target.ports.map(({ port }) => ({ target, port })))
  // As upstream: equal shares of 100.
  const weight = Math.max(1, Math.floor(100 / Math.max(1, all.length)))
  const answers = all.map<Answer>(({ target, port }) => ({
    type: 'SRV',
    name,
    ttl: RECORD_TTL,
    data: { priority: 0, weight, port, target: target.name },
  }))
  const named = new Map(targets.map((target) => [target.name, target.addresses]))
  const additionals = [...named].flatMap(([target, addresses]) => addresses.map((address) => a(target, address)))
  return { exists: true, answers, additionals: answers.length > 0 ? additionals : [] }
}

function endpointTarget({ address, ports }: NamedEndpoint, name: string): Target {
  return { name, addresses: [address], ports }
}

function labelsAt(endpoints: readonly NamedEndpoint[], address: string): string[] {
  const here = endpoints.filter((endpoint) => endpoint.address === address)
  const named = here.filter(({ hasHostname }) => hasHostname)
  return distinct((named.length > 0 ? named : here).map(({ label }) => label))
}

function of(answers: Answer[]): ZoneAnswer {
  return { exists: true, answers, additionals: [] }
}

function a(name: string, address: string): Answer {
  return { type: 'A', name, ttl: RECORD_TTL, data: address }
}

function txt(name: string, data: string): Answer {
  return { type: 'TXT', name, ttl: RECORD_TTL, data }
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
