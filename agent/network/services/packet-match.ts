import type { Expression, Rule } from '../nftables/rule.ts'

const SOURCE_OFFSET = 12
const DESTINATION_OFFSET = 16
const DESTINATION_PORT_OFFSET = 2
/** The register that a match may overwrite. */
const SCRATCH = 0
/** Of a connection's status: its destination was changed. */
const STATUS_DNAT = Buffer.from([0x20, 0, 0, 0])
const PROTOCOL_NUMBERS = { icmp: 1, tcp: 6, udp: 17 }
/** Of a packet that is to keep the address that it is from. */
const KEPT = Buffer.from([1, 0, 0, 0])
const ICMP_REDIRECT = 5

/** Puts the address, the protocol and the port that a packet is for into three registers. */
export function loadDestination(to: number): Expression[] {
  return [
    ...loadDestinationAddress(to),
    { type: 'protocol', to: to + 1 },
    { type: 'payload', base: 'transport', offset: DESTINATION_PORT_OFFSET, bytes: 2, to: to + 2 },
  ]
}

/** The same, and the client's address in a fourth. */
export function loadDestinationAndClient(to: number): Expression[] {
  return [...loadDestination(to), ...loadSource(to + 3)]
}

/** Puts the address that a packet is for into a register. */
export function loadDestinationAddress(to: number): Expression[] {
  return [{ type: 'payload', base: 'network', offset: DESTINATION_OFFSET, bytes: 4, to }]
}

/** Puts the address that a packet is from into a register. */
export function loadSource(to: number): Expression[] {
  return [{ type: 'payload', base: 'network', offset: SOURCE_OFFSET, bytes: 4, to }]
}

/** Matches packets of connections whose destination was changed here. */
export function isRedirected(): Expression[] {
  return [
    { type: 'connectionStatus', to: 0 },
    { type: 'mask', at: 0, mask: STATUS_DNAT },
    { type: 'compare', from: 0, is: 'notEqual', value: Buffer.alloc(STATUS_DNAT.length) },
  ]
}

/** Says of a connection's first packet that it is to keep its client's address. */
export function markPacket(): Rule {
  return [
    { type: 'value', value: KEPT, to: SCRATCH },
    { type: 'setPacketMark', from: SCRATCH },
  ]
}

/** Matches packets that `markPacket` has not seen. */
export function isUnmarked(): Expression[] {
  return [
    { type: 'packetMark', to: SCRATCH },
    { type: 'compare', from: SCRATCH, is: 'notEqual', value: KEPT },
  ]
}

/** Matches what tells a sender of a shorter way. */
export function isRedirectMessage(): Expression[] {
  return [
    ...isOfProtocol('icmp'),
    { type: 'payload', base: 'transport', offset: 0, bytes: 1, to: SCRATCH },
    { type: 'compare', from: SCRATCH, is: 'equal', value: Buffer.of(ICMP_REDIRECT) },
  ]
}

/** Matches packets from addresses of a range in CIDR notation. */
export function isFrom(range: string): Expression[] {
  return isOfRange(SOURCE_OFFSET, range)
}

/** Matches packets to addresses of a range in CIDR notation. */
export function isTo(range: string): Expression[] {
  return isOfRange(DESTINATION_OFFSET, range)
}

/** Matches packets to all others. */
export function isNotTo(range: string): Expression[] {
  return isOfRange(DESTINATION_OFFSET, range, 'notEqual')
}

export function isOfProtocol(protocol: keyof typeof PROTOCOL_NUMBERS): Expression[] {
  const value = Buffer.of(PROTOCOL_NUMBERS[protocol])
  return [
    { type: 'protocol', to: SCRATCH },
    { type: 'compare', from: SCRATCH, is: 'equal', value },
  ]
}

function isOfRange(offset: number, range: string, is: 'equal' | 'notEqual' = 'equal'): Expression[] {
  const [address = '', length = '32'] = range.split('/')
  const mask = maskOf(Number(length))
  const network = Buffer.from(address.split('.').map((part, index) => Number(part) & (mask[index] ?? 0)))
  return [
    { type: 'payload', base: 'network', offset, bytes: 4, to: SCRATCH },
    { type: 'mask', at: SCRATCH, mask },
    { type: 'compare', from: SCRATCH, is, value: network },
  ]
}

/** The mask of a range whose addresses have so many bits in common, in network byte order. */
export function maskOf(prefixLength: number): Buffer {
  const mask = Buffer.alloc(4)
  mask.writeUInt32BE(prefixLength === 0 ? 0 : (-1 << (32 - prefixLength)) >>> 0)
  return mask
}
