import type { Ipv4Range } from '../../../shared/ipv4-range.ts'

/** The two ends of a connection, as a socket has them. */
export interface Ends {
  readonly remoteAddress?: string | undefined
  readonly localAddress?: string | undefined
}

/**
 * Admits whom this machine alone has: its own processes, and Pods on it, which come with their own address. To another
 * machine that pretends to have such an address no answer would find its way.
 */
export function localPeers(podRange: Ipv4Range): (ends: Ends) => boolean {
  return ({ remoteAddress = '', localAddress }) =>
    remoteAddress.startsWith('127.') || remoteAddress === localAddress || podRange.placeOf(remoteAddress) !== undefined
}
