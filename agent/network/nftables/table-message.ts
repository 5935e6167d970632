import type { NetlinkRequest } from '../netlink/netlink-client.ts'

/** Of netfilter's parts the one with the tables. */
export const NFTABLES_SUBSYSTEM = 10
const AF_INET = 2

/** A message about a table of the family `ip`: `struct nfgenmsg`, then attributes. */
export function tableMessage(message: {
  type: number
  flags?: number
  attributes: readonly Uint8Array[]
}): NetlinkRequest {
  const { type, flags = 0, attributes } = message
  const payload = Buffer.concat([Buffer.of(AF_INET, 0, 0, 0), ...attributes])
  return { type: (NFTABLES_SUBSYSTEM << 8) | type, flags, payload }
}
