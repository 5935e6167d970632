import { attribute, decodeAttributes, nested, u8, u32 } from '../netlink/netlink-attributes.ts'
import type { NetlinkClient } from '../netlink/netlink-client.ts'
import { unless } from '../netlink/netlink-error.ts'

const CTNETLINK = 1 << 8
const GET = CTNETLINK | 1
const DELETE = CTNETLINK | 2
/** `struct nfgenmsg`: IPv4. */
const HEADER = Buffer.of(2, 0, 0, 0)
const CTA = { original: 1, reply: 2, protocolInfo: 4, timeout: 7, id: 12, filter: 25 }
const TUPLE = { addresses: 1, protocol: 2 }
const ADDRESSES = { source: 1, destination: 2 }
const PROTOCOL = { number: 1, sourcePort: 2, destinationPort: 3 }
const FILTER = { originalFields: 1, protocolNumber: 1 << 3 }
const TCP_INFO = { nested: 1, state: 1 }
const NUMBERS = { TCP: 6, UDP: 17 } as const

const SYN_SENT = 1
/**
 * TCP's states in which something is unanswered, a SYN, data or a FIN, with how long the kernel remembers such a flow from its
 * last packet on, in seconds.
 */
const UNANSWERED_FOR = new Map([
  [SYN_SENT, 120],
  [3, 300],
  [4, 120],
])
/** States of a flow that has come to its end. */
const TIME_WAIT = 7
const CLOSE = 8

/** What the kernel remembers of packets that go to and fro: it sends those that follow where it sent the first. */
export interface TrackedFlow {
  /** Where the first was sent, as the name of a frontend: `address:port/PROTOCOL`. */
  readonly frontend: string
  /** Where it went, and where answers come from, `address:port`. */
  readonly responder: string
  /** A TCP connection that is not made yet: what went to the responder is a SYN, and nothing came back. */
  readonly isUnanswered: boolean
  /** Neither side has more to say. */
  readonly isOver: boolean
  /** For how long what one side of a TCP connection said was neither answered nor repeated, in seconds; 0: nothing is unanswered. */
  readonly silentSeconds: number
  /** What names it to the kernel. */
  readonly identity: Buffer
}

/** All of the client's network namespace. */
export async function listFlows(
  client: Pick<NetlinkClient, 'dump'>,
  protocol: keyof typeof NUMBERS,
): Promise<TrackedFlow[]> {
  // A kernel before 5.8 takes no notice of the filter.
  const filter = [
    nested(CTA.original, nested(TUPLE.protocol, u8(PROTOCOL.number, NUMBERS[protocol]))),
    nested(CTA.filter, u32(FILTER.originalFields, FILTER.protocolNumber)),
  ]
  const entries = await client.dump({ type: GET, payload: Buffer.concat([HEADER, ...filter]) })
  return entries.flatMap(({ payload }) => flowOf(payload, protocol) ?? [])
}

/** What has become of a flow; undefined where the kernel remembers it no more. */
export async function readFlow(
  client: Pick<NetlinkClient, 'request'>,
  { identity }: TrackedFlow,
  protocol: keyof typeof NUMBERS,
): Promise<TrackedFlow | undefined> {
  const request = { type: GET, payload: Buffer.concat([HEADER, identity]) }
  const answers = await unless('ENOENT', client.request(request))
  return answers?.flatMap(({ payload }) => flowOf(payload, protocol) ?? [])[0]
}

/** The next packet is treated as the first. Nothing happens where it is gone already. */
export async function forgetFlow(client: Pick<NetlinkClient, 'request'>, { identity }: TrackedFlow): Promise<void> {
  await unless('ENOENT', client.request({ type: DELETE, payload: Buffer.concat([HEADER, identity]) }))
}

function flowOf(payload: Buffer, protocol: keyof typeof NUMBERS): TrackedFlow | undefined {
  const attributes = decodeAttributes(payload.subarray(HEADER.length))
  const [original, reply] = [attributes.get(CTA.original), attributes.get(CTA.reply)]
  const id = attributes.get(CTA.id)
  if (!original || !reply || !id) return undefined
  const [there, back] = [tupleOf(original, protocol), tupleOf(reply, protocol)]
  if (!there || !back) return undefined
  const identity = Buffer.concat([nested(CTA.original, original), attribute(CTA.id, id)])
  return { frontend: `${there.destination}/${protocol}`, responder: back.source, ...progressOf(attributes), identity }
}

function progressOf(
  attributes: ReadonlyMap<number, Buffer>,
): Pick<TrackedFlow, 'isUnanswered' | 'isOver' | 'silentSeconds'> {
  const info = decodeAttributes(attributes.get(CTA.protocolInfo) ?? Buffer.alloc(0)).get(TCP_INFO.nested)
  const state = decodeAttributes(info ?? Buffer.alloc(0)).get(TCP_INFO.state)?.[0] ?? 0
  const rememberedFor = attributes.get(CTA.timeout)?.readUInt32BE(0) ?? Number.POSITIVE_INFINITY
  // Where nothing is unanswered an established connection is remembered for days.
  const silentSeconds = Math.max(0, (UNANSWERED_FOR.get(state) ?? 0) - rememberedFor)
  return { isUnanswered: state === SYN_SENT, isOver: state === CLOSE || state === TIME_WAIT, silentSeconds }
}

/** Undefined for what is of another protocol, or not over IPv4. */
function tupleOf(tuple: Buffer, wanted: keyof typeof NUMBERS): { source: string; destination: string } | undefined {
  const parts = decodeAttributes(tuple)
  const addresses = decodeAttributes(parts.get(TUPLE.addresses) ?? Buffer.alloc(0))
  const protocol = decodeAttributes(parts.get(TUPLE.protocol) ?? Buffer.alloc(0))
  if (protocol.get(PROTOCOL.number)?.[0] !== NUMBERS[wanted]) return undefined
  const [source, destination] = [addresses.get(ADDRESSES.source), addresses.get(ADDRESSES.destination)]
  if (source?.length !== 4 || destination?.length !== 4) return undefined
  return {
    source: `${source.join('.')}:${protocol.get(PROTOCOL.sourcePort)?.readUInt16BE(0)}`,
    destination: `${destination.join('.')}:${protocol.get(PROTOCOL.destinationPort)?.readUInt16BE(0)}`,
  }
}
