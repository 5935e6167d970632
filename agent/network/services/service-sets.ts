import type { Field, SetDefinition } from '../nftables/table.ts'

const FRONTEND: readonly Field[] = ['ipv4_addr', 'inet_proto', 'inet_service']
const ENDPOINT: readonly Field[] = ['ipv4_addr', 'inet_service']

/** Where a connection to a frontend goes. */
export const SERVICES: SetDefinition = { name: 'services', key: FRONTEND, value: 'verdict' }

/** Which chain says whom a frontend lets in; those that let in all are not in it. */
export const FIREWALL: SetDefinition = { name: 'firewall', key: FRONTEND, value: 'verdict' }

/** The endpoints of each frontend, numbered from 0 without a gap. */
export const ENDPOINTS: SetDefinition = { name: 'endpoints', key: [...FRONTEND, 'mark'], value: ENDPOINT }

/** Of frontends with session affinity: which endpoints they have. */
export const MEMBERS: SetDefinition = { name: 'members', key: [...FRONTEND, ...ENDPOINT] }

/** Of frontends with session affinity: which endpoint a client has. The kernel fills it. */
export const AFFINITY: SetDefinition = {
  name: 'affinity',
  key: [...FRONTEND, 'ipv4_addr'],
  value: ENDPOINT,
  isDynamic: true,
}

export const SERVICE_SETS: readonly SetDefinition[] = [SERVICES, FIREWALL, ENDPOINTS, MEMBERS, AFFINITY]
