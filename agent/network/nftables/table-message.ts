import type { NetlinkRequest } from '../netlink/netlink-client.ts'

/** Of netfilter's parts the one with the tables. */
export const NFTABLES_SUBSYSTEM = 10

/** Whose packets a table sees: `ip` those that a namespace sends, gets or forwards, `netdev` all that come over some links. */
export type TableFamily = 'ip' | 'netdev'

const FAMILIES: Readonly<Record<TableFamily, number>> = { ip: 2, netdev: 5 }

/** A message about a table: `struct nfgenmsg`, then attributes. `about`: as in NetlinkRequest. */
export function tableMessage(message: {
  type: number
  family?: TableFamily | undefined
  flags?: number
  attributes: readonly Uint8Array[]
  about?: string
}): NetlinkRequest {
  const { type, family = 'ip', flags = 0, attributes, about } = message
  const payload = Buffer.concat([Buffer.of(FAMILIES[family], 0, 0, 0), ...attributes])
  return { type: (NFTABLES_SUBSYSTEM << 8) | type, flags, payload, ...(about === undefined ? {} : { about }) }
}
