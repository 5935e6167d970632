import { SocketAddress } from 'node:net'
import { ipv4Text } from './ipv4-bytes.ts'
import { decodeAttributes } from './netlink-attributes.ts'
import type { ReceivedMessage } from './netlink-message.ts'

/** Whoever is a member of these is told of addresses that come and go. */
export const ADDRESS_GROUPS = [5, 9]

const RTM_NEWADDR = 20
const RTM_DELADDR = 21
const HEADER_BYTES = 8
const SCOPE_AT = 3
const RT_SCOPE_UNIVERSE = 0
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IPV4_BYTES = 4

/** An address by which others know this machine has come, or has gone. */
export interface AddressNews {
  address: string
  isGone: boolean
}

/** What a notification says of such an address; undefined where it is about something else, one of a single link too. */
export function addressNews({ type, payload }: Pick<ReceivedMessage, 'type' | 'payload'>): AddressNews | undefined {
  if ((type !== RTM_NEWADDR && type !== RTM_DELADDR) || payload[SCOPE_AT] !== RT_SCOPE_UNIVERSE) return undefined
  const attributes = decodeAttributes(payload.subarray(HEADER_BYTES))
  const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS)
  return bytes && { address: addressText(bytes), isGone: type === RTM_DELADDR }
}

function addressText(bytes: Buffer): string {
  if (bytes.length === IPV4_BYTES) return ipv4Text(bytes)
  const groups = bytes.toString('hex').match(/..../g) ?? []
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}
