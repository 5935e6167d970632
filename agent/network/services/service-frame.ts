import type { Expression, Rule } from '../nftables/rule.ts'
import type { Chain, TableFrame } from '../nftables/table.ts'
import { isOfProtocol, isRedirected, isTo, loadDestination } from './packet-match.ts'
import type { RulesRole } from './service-frontends.ts'
import { FIREWALL, SERVICE_SETS, SERVICES } from './service-sets.ts'

export const TABLE = 'kubette'
const DNAT_PRIORITY = -100
const SNAT_PRIORITY = 100
export const REFUSED = 'refused'

/** What the tables of a role have in common. `serviceCIDR`: there nobody answers but Services. */
export function serviceFrame(role: RulesRole, serviceCIDR: string): TableFrame {
  const chains = role === 'pod' ? outputChains(serviceCIDR) : forwardingChains(role, serviceCIDR)
  return { name: TABLE, sets: SERVICE_SETS, chains: [rejectChain(), ...chains] }
}

/** For what the namespace's own processes open: it is sent to its endpoint before it leaves. */
function outputChains(serviceCIDR: string): Chain[] {
  const hook = { type: 'nat', at: 'output', priority: DNAT_PRIORITY } as const
  return [{ name: 'services', hook, rules: [...toServices(), rejected(isTo(serviceCIDR))] }]
}

/** For what others open through the namespace: the answers must come back through it. */
function forwardingChains(role: RulesRole, serviceCIDR: string): Chain[] {
  const redirect: Chain = {
    name: 'services',
    hook: { type: 'nat', at: 'prerouting', priority: DNAT_PRIORITY },
    rules: toServices(),
  }
  const masquerade: Chain = {
    name: 'masquerade',
    hook: { type: 'nat', at: 'postrouting', priority: SNAT_PRIORITY },
    rules: [[...isRedirected(), { type: 'masquerade' }]],
  }
  return role === 'gateway' ? [redirect, masquerade, unansweredChain(serviceCIDR)] : [redirect, masquerade]
}

/** What is for a Service that is not there must not get to the sockets of the namespace itself. */
function unansweredChain(serviceCIDR: string): Chain {
  const hook = { type: 'filter', at: 'input', priority: 0 } as const
  return { name: 'unanswered', hook, rules: [rejected(isTo(serviceCIDR))] }
}

function toServices(): Rule[] {
  return [FIREWALL, SERVICES].map(({ name }) => [
    ...loadDestination(0),
    { type: 'lookup', set: name, from: 0, to: 'verdict' },
  ])
}

function rejected(match: readonly Expression[]): Rule {
  return [...match, { type: 'verdict', verdict: `goto ${REFUSED}` }]
}

/** Says at once that nobody is there; what is neither TCP nor UDP passes. */
function rejectChain(): Chain {
  return {
    name: REFUSED,
    rules: [
      [...isOfProtocol('tcp'), { type: 'reject', with: 'tcpReset' }],
      [...isOfProtocol('udp'), { type: 'reject', with: 'portUnreachable' }],
    ],
  }
}
