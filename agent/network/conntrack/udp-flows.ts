import { attribute, decodeAttributes, nested, u8, u32 } from '../netlink/netlink-attributes.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'
import { NetlinkError } from '../netlink/netlink-error.ts'

const CTNETLINK = 1 << 8
const GET = CTNETLINK | 1
const DELETE = CTNETLINK | 2
/** `struct nfgenmsg`: IPv4. */
const HEADER = Buffer.of(2, 0, 0, 0)
const CTA = { original: 1, reply: 2, id: 12, filter: 25 }
const TUPLE = { addresses: 1, protocol: 2 }
const ADDRESSES = { source: 1, destination: 2 }
const PROTOCOL = { number: 1, sourcePort: 2, destinationPort: 3 }
const FILTER = { originalFields: 1, protocolNumber: 1 << 3 }
const UDP = 17

/** What the kernel remembers of datagrams that go to and fro: it sends those that follow where it sent the first. */
export interface UdpFlow {
  /** Where the first was sent, `address:port`. */
  readonly destination: string
  /** Where it went, and where answers come from. */
  readonly responder: string
  /** What names it to the kernel. */
  readonly identity: Buffer
}

/** All of the client's network namespace. */
export async function listUdpFlows(client: NetlinkClient): Promise<UdpFlow[]> {
  // A kernel before 5.8 takes no notice of the filter.
  const filter = [
    nested(CTA.original, nested(TUPLE.protocol, u8(PROTOCOL.number, UDP))),
    nested(CTA.filter, u32(FILTER.originalFields, FILTER.protocolNumber)),
  ]
  const entries = await client.dump({ type: GET, payload: Buffer.concat([HEADER, ...filter]) })
  return entries.flatMap(({ payload }) => flowOf(payload) ?? [])
}

/** The next datagram is treated as the first. Nothing happens where it is gone already. */
export async function forgetUdpFlow(client: NetlinkClient, { identity }: UdpFlow): Promise<void> {
  try {
    await client.request({ type: DELETE, payload: Buffer.concat([HEADER, identity]) })
  } catch (error) {
    if (!(error instanceof NetlinkError && error.code === 'ENOENT')) throw error
  }
}

function flowOf(payload: Buffer): UdpFlow | undefined {
  const attributes = decodeAttributes(payload.subarray(HEADER.length))
  const [original, reply] = [attributes.get(CTA.original), attributes.get(CTA.reply)]
  const id = attributes.get(CTA.id)
  if (!original || !reply || !id) return undefined
  const [there, back] = [tupleOf(original), tupleOf(reply)]
  if (!there || !back) return undefined
  const identity = Buffer.concat([nested(CTA.original, original), attribute(CTA.id, id)])
  return { destination: there.destination, responder: back.source, identity }
}

/** Undefined for what is not UDP over IPv4. */
function tupleOf(tuple: Buffer): { source: string; destination: string } | undefined {
  const parts = decodeAttributes(tuple)
  const addresses = decodeAttributes(parts.get(TUPLE.addresses) ?? Buffer.alloc(0))
  const protocol = decodeAttributes(parts.get(TUPLE.protocol) ?? Buffer.alloc(0))
  if (protocol.get(PROTOCOL.number)?.[0] !== UDP) return undefined
  const [source, destination] = [addresses.get(ADDRESSES.source), addresses.get(ADDRESSES.destination)]
  if (source?.length !== 4 || destination?.length !== 4) return undefined
  return {
    source: `${source.join('.')}:${protocol.get(PROTOCOL.sourcePort)?.readUInt16BE(0)}`,
    destination: `${destination.join('.')}:${protocol.get(PROTOCOL.destinationPort)?.readUInt16BE(0)}`,
  }
}
