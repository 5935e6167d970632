import { createHash } from 'node:crypto'
import type { Chain } from '../nftables/table.ts'
import { affinityChain, balanceChain, keepingClient } from './balance-chain.ts'
import type { Frontend, FrontendVerdict, Ipv4Endpoint } from './frontend.ts'
import { isFrom } from './packet-match.ts'
import { REFUSED } from './service-frame.ts'
import type { RulesRole } from './service-frontends.ts'
import { ENDPOINTS, FIREWALL, MEMBERS, SERVICES } from './service-sets.ts'

/** One element of one set. */
export interface SetElement {
  readonly set: string
  readonly key: string
  readonly value: string
}

/** What one frontend needs of a table beside its frame. */
export interface FrontendContents {
  readonly chains: readonly Chain[]
  readonly elements: readonly SetElement[]
}

/**
 * `endpoints`: those of the frontend in the order in which they are to be numbered.
 */
export function frontendContents(
  frontend: Frontend,
  endpoints: readonly Ipv4Endpoint[],
  role: RulesRole,
): FrontendContents {
  const key = [frontend.address, frontend.protocol.toLowerCase(), frontend.port].join(' . ')
  const verdict = verdictContents(frontend.verdict, key, endpoints, role)
  if (!frontend.sourceRanges) return verdict
  const guard = sourceRangesChain(frontend.sourceRanges)
  const element = { set: FIREWALL.name, key, value: `jump ${guard.name}` }
  return { chains: [...verdict.chains, guard], elements: [element, ...verdict.elements] }
}

function verdictContents(
  verdict: FrontendVerdict,
  key: string,
  endpoints: readonly Ipv4Endpoint[],
  role: RulesRole,
): FrontendContents {
  switch (verdict.type) {
    case 'drop':
      return { chains: [], elements: [{ set: SERVICES.name, key, value: 'drop' }] }
    case 'reject':
      // What comes from outside and is not redirected ends in the namespace, where nobody listens.
      return { chains: [], elements: role === 'pod' ? [{ set: SERVICES.name, key, value: `goto ${REFUSED}` }] : [] }
    case 'balance': {
      const { affinitySeconds, keepsClient } = verdict
      const count = endpoints.length
      const balancing = affinitySeconds === undefined ? balanceChain(count) : affinityChain(count, affinitySeconds)
      const chain = keepsClient ? keepingClient(balancing) : balancing
      const elements = endpoints.flatMap((endpoint, index) => {
        const value = endpoint.replace(':', ' . ')
        const numbered = { set: ENDPOINTS.name, key: `${key} . ${index}`, value }
        const member = { set: MEMBERS.name, key: `${key} . ${value}`, value: '' }
        return affinitySeconds === undefined ? [numbered] : [numbered, member]
      })
      return { chains: [chain], elements: [{ set: SERVICES.name, key, value: `goto ${chain.name}` }, ...elements] }
    }
  }
}

/** Drops what is from none of the ranges; shared by all frontends that have the same. */
function sourceRangesChain(ranges: readonly string[]): Chain {
  const sorted = ranges.toSorted()
  const name = `from-${createHash('sha256').update(sorted.join()).digest('hex').slice(0, 16)}`
  const allowed = sorted.filter((range) => !range.includes(':')).map((range) => [...isFrom(range), verdict('return')])
  return { name, rules: [...allowed, [verdict('drop')]] }
}

function verdict(verdict: string): { type: 'verdict'; verdict: string } {
  return { type: 'verdict', verdict }
}
