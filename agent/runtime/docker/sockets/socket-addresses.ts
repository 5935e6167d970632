import { isIP, SocketAddress as NodeAddress } from 'node:net'
import type { SocketAddress } from '../../socket-relay.ts'

export const AF_INET = 2
export const AF_INET6 = 10
const FIELDS_BYTES = { 4: 16, 6: 28 } as const

/** As `bind` and `sendto` take it. Throws a RangeError for what is no IP address. */
export function encodeAddress({ address, port }: SocketAddress): Buffer {
  const version = isIP(address)
  if (version !== 4 && version !== 6) throw new RangeError(`no IP address: ${address}`)
  const bytes = Buffer.alloc(FIELDS_BYTES[version])
  bytes.writeUInt16LE(version === 4 ? AF_INET : AF_INET6, 0)
  bytes.writeUInt16BE(port, 2)
  if (version === 4) bytes.set(address.split('.').map(Number), 4)
  else bytes.set(groupsOf(address), 8)
  return bytes
}

/** Undefined for one of another family, such as netlink's. */
export function decodeAddress(bytes: Buffer): SocketAddress | undefined {
  const family = bytes.readUInt16LE(0)
  const port = bytes.readUInt16BE(2)
  if (family === AF_INET) return { address: [...bytes.subarray(4, 8)].join('.'), port }
  if (family !== AF_INET6) return undefined
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(8 + 2 * i).toString(16))
  return { address: new NodeAddress({ family: 'ipv6', address: groups.join(':') }).address, port }
}

/** The 16 bytes of an IPv6 address, of which a `::` leaves out as many as are missing, and the last 4 may be an IPv4 one. */
function groupsOf(address: string): number[] {
  const [front = '', back] = address.split('%', 1).join('').split('::')
  const bytes = (part: string) => part.split(':').filter(Boolean).flatMap(bytesOfGroup)
  const [first, last] = [bytes(front), bytes(back ?? '')]
  return [...first, ...Array.from({ length: 16 - first.length - last.length }, () => 0), ...last]
}

function bytesOfGroup(group: string): number[] {
  if (group.includes('.')) return group.split('.').map(Number)
  const value = Number.parseInt(group, 16)
  return [value >> 8, value & 0xff]
}
