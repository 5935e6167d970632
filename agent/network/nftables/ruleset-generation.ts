import { decodeAttributes } from '../netlink/netlink-attributes.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'
import { tableMessage } from './table-message.ts'

const GETGEN = 16
const HEADER_BYTES = 4
const GENERATION = 1

/** Rises by one with each transaction on any table of the client's network namespace. Rejects as NetlinkClient does. */
export async function rulesetGeneration(client: Pick<NetlinkClient, 'request'>): Promise<number | undefined> {
  const [answer] = await client.request(tableMessage({ type: GETGEN, attributes: [] }))
  return answer && decodeAttributes(answer.payload.subarray(HEADER_BYTES)).get(GENERATION)?.readUInt32BE()
}
