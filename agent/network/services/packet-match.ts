import type { Expression } from '../nftables/rule.ts'

const SOURCE_OFFSET = 12
const DESTINATION_OFFSET = 16
const DESTINATION_PORT_OFFSET = 2
/** The register that a match may overwrite. */
const SCRATCH = 0
/** Of a connection's status: its destination was changed. */
const STATUS_DNAT = Buffer.from([0x20, 0, 0, 0])
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17 }

/** Puts the address, the protocol and the port that a packet is for into three registers. */
export function loadDestination(to: number): Expression[] {
  return [
    { type: 'payload', base: 'network', offset: DESTINATION_OFFSET, bytes: 4, to },
    { type: 'protocol', to: to + 1 },
    { type: 'payload', base: 'transport', offset: DESTINATION_PORT_OFFSET, bytes: 2, to: to + 2 },
  ]
}

/** The same, and the client's address in a fourth. */
export function loadDestinationAndClient(to: number): Expression[] {
  return [...loadDestination(to), ...loadSource(to + 3)]
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

/** Matches packets from addresses of a range in CIDR notation. */
export function isFrom(range: string): Expression[] {
  return isOfRange(SOURCE_OFFSET, range)
}

/** Matches packets to addresses of a range in CIDR notation. */
export function isTo(range: string): Expression[] {
  return isOfRange(DESTINATION_OFFSET, range)
}

export function isOfProtocol(protocol: 'tcp' | 'udp'): Expression[] {
  const value = Buffer.of(PROTOCOL_NUMBERS[protocol])
  return [
    { type: 'protocol', to: SCRATCH },
    { type: 'compare', from: SCRATCH, is: 'equal', value },
  ]
}

function isOfRange(offset: number, range: string): Expression[] {
  const [address = '', length = '32'] = range.split('/')
  const mask = Buffer.alloc(4)
  mask.writeUInt32BE(Number(length) === 0 ? 0 : (-1 << (32 - Number(length))) >>> 0)
  const network = Buffer.from(address.split('.').map((part, index) => Number(part) & (mask[index] ?? 0)))
  return [
    { type: 'payload', base: 'network', offset, bytes: 4, to: SCRATCH },
    { type: 'mask', at: SCRATCH, mask },
    { type: 'compare', from: SCRATCH, is: 'equal', value: network },
  ]
}
