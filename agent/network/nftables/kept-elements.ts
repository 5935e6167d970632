import { attribute, decodeAttributes, listAttributes, nested, text } from '../netlink/netlink-attributes.ts'
import type { NetlinkClient, NetlinkRequest } from '../netlink/netlink-client.ts'
import { NetlinkError } from '../netlink/netlink-error.ts'
import { elementMessages } from './encode-elements.ts'
import { tableMessage } from './table-message.ts'

const GETSETELEM = 13
const LIST = { table: 1, set: 2, elements: 3 }
const LIST_ELEM = 1
const EXPIRATION = 5
/** Key, value, and the time that it has in all and that is left. */
const KEPT = [1, 2, 4, EXPIRATION]

/**
 * What rules have put into a dynamic set, as messages that put it there again, with the time that is left: for a table that
 * is made anew. None where there is no such set.
 */
export async function keptElements(client: NetlinkClient, table: string, set: string): Promise<NetlinkRequest[]> {
  const listed = await listElements(client, table, set)
  const kept = listed.filter((element) =>
    decodeAttributes(element)
      .get(EXPIRATION)
      ?.some((byte) => byte !== 0),
  )
  return elementMessages({ name: table }, set, kept.map(again))
}

async function listElements(client: NetlinkClient, table: string, set: string): Promise<Buffer[]> {
  try {
    const attributes = [text(LIST.table, table), text(LIST.set, set)]
    const answers = await client.dump(tableMessage({ type: GETSETELEM, attributes }))
    const lists = answers.flatMap(({ payload }) => decodeAttributes(payload.subarray(4)).get(LIST.elements) ?? [])
    return lists.flatMap((list) => listAttributes(list).map(({ value }) => value))
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENOENT') return []
    throw error
  }
}

function again(element: Buffer): Buffer {
  const parts = listAttributes(element).filter(({ type }) => KEPT.includes(type))
  return nested(LIST_ELEM, ...parts.map(({ type, value }) => (type < 3 ? nested(type, value) : attribute(type, value))))
}
