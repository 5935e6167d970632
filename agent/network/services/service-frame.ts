import type { Expression, Rule } from '../nftables/rule.ts'
import type { Chain, TableFrame } from '../nftables/table.ts'
import type { ClusterRanges } from '../pod-network.ts'
import {
  isNotTo,
  isOfProtocol,
  isRedirected,
  isRedirectMessage,
  isTo,
  isUnmarked,
  loadDestination,
} from './packet-match.ts'
import type { RulesRole } from './service-frontends.ts'
import { FIREWALL, SERVICE_SETS, SERVICES } from './service-sets.ts'

export const TABLE = 'kubette'
const DNAT_PRIORITY = -100
const SNAT_PRIORITY = 100
export const REFUSED = 'refused'

/** What the tables of a role have in common. In the range of Services nobody answers but Services. */
export function serviceFrame(role: RulesRole, { serviceCIDR, clusterCIDR }: ClusterRanges): TableFrame {
  const chains = {
    pod: () => outputChains(serviceCIDR),
    gateway: () => [redirectChain(), masqueradeChain([isRedirected()]), unansweredChain(serviceCIDR)],
    nodePort: () => publishingChains(clusterCIDR),
  }[role]()
  return { name: TABLE, sets: SERVICE_SETS, chains: [rejectChain(), ...chains] }
}

/** For what the namespace's own processes open: it is sent to its endpoint before it leaves. */
function outputChains(serviceCIDR: string): Chain[] {
  const hook = { type: 'nat', at: 'output', priority: DNAT_PRIORITY } as const
  return [{ name: 'services', hook, rules: [...toServices(), rejected(isTo(serviceCIDR))] }]
}

/**
 * For what others open through the namespace. Answers must come back through it: those of Pods do so when they see the
 * client, all others only when they see the namespace. Nobody is told of the shorter way, either.
 */
function publishingChains(clusterCIDR: string): Chain[] {
  const isElsewhere = [...isRedirected(), ...isNotTo(clusterCIDR)]
  const hook = { type: 'filter', at: 'output', priority: 0 } as const
  const silent: Chain = {
    name: 'silent',
    hook,
    rules: [[...isRedirectMessage(), { type: 'verdict', verdict: 'drop' }]],
  }
  return [redirectChain(), masqueradeChain([[...isRedirected(), ...isUnmarked()], isElsewhere]), silent]
}

function redirectChain(): Chain {
  return { name: 'services', hook: { type: 'nat', at: 'prerouting', priority: DNAT_PRIORITY }, rules: toServices() }
}

function masqueradeChain(matches: readonly (readonly Expression[])[]): Chain {
  const hook = { type: 'nat', at: 'postrouting', priority: SNAT_PRIORITY } as const
  return { name: 'masquerade', hook, rules: matches.map((match) => [...match, { type: 'masquerade' }]) }
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
