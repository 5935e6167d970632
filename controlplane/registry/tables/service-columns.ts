import { isIPv6 } from 'node:net'
import type { EndpointSlice, Endpoints, Service } from '../../../shared/api/kinds.ts'
import type { TableColumn } from '../strategy.ts'
import { ageColumn, column, nameColumn, orNone, wideColumn } from './common-columns.ts'

const MOST_LISTED = 3

export const serviceColumns: readonly TableColumn<Service>[] = [
  nameColumn,
  column('Type', 'How it is reached.', ({ spec }) => spec.type ?? ''),
  column('Cluster-IP', 'Its address inside the cluster.', ({ spec }) => orNone(spec.clusterIPs?.[0])),
  column('External-IP', 'Where it is reached from outside the cluster.', externalAddress),
  column('Port(s)', 'Its ports, with those of the nodes that lead to them.', ({ spec }) => orNone(portsOf(spec))),
  ageColumn,
  wideColumn('Selector', 'The labels of its Pods.', ({ spec }) => orNone(labelsOf(spec.selector))),
]

export const endpointsColumns: readonly TableColumn<Endpoints>[] = [
  nameColumn,
  column('Endpoints', 'The addresses that take its traffic.', (endpoints) => orNone(readyAddresses(endpoints))),
  ageColumn,
]

export const endpointSliceColumns: readonly TableColumn<EndpointSlice>[] = [
  nameColumn,
  column('AddressType', 'What its addresses are.', ({ addressType }) => addressType),
  column('Ports', 'The ports of every endpoint.', ({ ports = [] }) =>
    orUnset(ports.map(({ port, name }) => String(port ?? name ?? '*'))),
  ),
  column('Endpoints', 'The addresses of its endpoints.', ({ endpoints = [] }) =>
    orUnset(endpoints.flatMap(({ addresses }) => addresses)),
  ),
  ageColumn,
]

function externalAddress({ spec, status }: Service): string {
  const { type, externalIPs = [] } = spec
  if (type === 'ExternalName') return spec.externalName ?? ''
  if (type !== 'LoadBalancer') return orNone(externalIPs.join(','))
  const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '')
  const distinct = [...new Set(ingress.filter(Boolean))].sort()
  return [...distinct, ...externalIPs].join(',') || '<pending>'
}

function portsOf({ ports = [] }: Service['spec']): string {
  const pieces = ports.map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`)
  return pieces.join(',')
}

function labelsOf(selector: Record<string, string> = {}): string {
  const pairs = Object.entries(selector).map(([key, value]) => `${key}=${value}`)
  return pairs.sort().join(',')
}

/** Of a subset without ports, as of a headless Service, the addresses alone. */
function readyAddresses({ subsets = [] }: Endpoints): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) => {
    if (ports.length === 0) return addresses.map(({ ip }) => ip)
    return ports.flatMap(({ port }) => addresses.map(({ ip }) => (isIPv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`)))
  })
  return firstOf(all)
}

function orUnset(all: readonly string[]): string {
  return firstOf(all) || '<unset>'
}

function firstOf(all: readonly string[]): string {
  const more = all.length - MOST_LISTED
  return `${all.slice(0, MOST_LISTED).join(',')}${more > 0 ? ` + ${more} more...` : ''}`
}
