import type { Rule } from '../nftables/rule.ts'
import type { Chain } from '../nftables/table.ts'
import { loadDestination, loadDestinationAndClient, markPacket } from './packet-match.ts'
import { AFFINITY, ENDPOINTS, MEMBERS } from './service-sets.ts'

/** The destination takes three registers, what follows it begins here. */
const NEXT = 3
/** Clear of the destination and the endpoint of two registers behind it. */
const CLIENT_KEY = 5

/**
 * Leads a connection to one of so many endpoints. Shared by all frontends that have as many: which endpoints those are
 * is looked up by the frontend and a random number.
 */
export function balanceChain(endpoints: number): Chain {
  return { name: `balance-${endpoints}`, rules: [toRandomOne(endpoints)] }
}

/** The same, but a client that was here within so many seconds gets the endpoint that it had, while there is that. */
export function affinityChain(endpoints: number, seconds: number): Chain {
  return {
    name: `affinity-${seconds}-${endpoints}`,
    // The kernel may take a moment to take away what was forgotten; until then there is nothing to keep.
    rules: [toKeptOne(seconds), toNewOne(endpoints, seconds), toRandomOne(endpoints)],
  }
}

/** The same, of connections whose client's address is to be kept. */
export function keepingClient({ name, rules }: Chain): Chain {
  return { name: `${name}-direct`, rules: [markPacket(), ...rules] }
}

function toRandomOne(endpoints: number): Rule {
  return [
    ...loadDestination(0),
    { type: 'random', below: endpoints, to: NEXT },
    { type: 'lookup', set: ENDPOINTS.name, from: 0, to: NEXT },
    { type: 'destinationNat', address: NEXT, port: NEXT + 1 },
  ]
}

function toKeptOne(seconds: number): Rule {
  return [
    ...loadDestinationAndClient(0),
    { type: 'lookup', set: AFFINITY.name, from: 0, to: NEXT },
    { type: 'lookup', set: MEMBERS.name, from: 0 },
    ...loadDestinationAndClient(CLIENT_KEY),
    { type: 'keep', set: AFFINITY.name, key: CLIENT_KEY, value: NEXT, seconds },
    { type: 'destinationNat', address: NEXT, port: NEXT + 1 },
  ]
}

function toNewOne(endpoints: number, seconds: number): Rule {
  return [
    ...loadDestination(0),
    { type: 'random', below: endpoints, to: NEXT },
    { type: 'lookup', set: ENDPOINTS.name, from: 0, to: NEXT },
    ...loadDestinationAndClient(CLIENT_KEY),
    { type: 'forget', set: AFFINITY.name, key: CLIENT_KEY, value: NEXT },
    { type: 'keep', set: AFFINITY.name, key: CLIENT_KEY, value: NEXT, seconds },
    { type: 'destinationNat', address: NEXT, port: NEXT + 1 },
  ]
}
