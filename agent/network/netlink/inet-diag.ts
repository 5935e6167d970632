import { decodeAttributes } from './netlink-attributes.ts'
import type { NetlinkRequest } from './netlink-client.ts'
import type { ReceivedMessage } from './netlink-message.ts'

const SOCK_DIAG_BY_FAMILY = 20
const IPPROTO_TCP = 6
/** An attribute, and asked for by the bit before its number. */
const INET_DIAG_INFO = 2
const REQUEST_BYTES = 56
const MESSAGE_BYTES = 72
/** In `struct tcp_info`. */
const RETRANSMISSION_TIMEOUT = 8
const LAST_DATA_SENT = 44
const LAST_DATA_RECEIVED = 52
const TOTAL_RETRANSMISSIONS = 100
const DATA_SEGMENTS_SENT = 156
/** Since Linux 5.0. */
const DUPLICATES_ARRIVED = 216

const TCP_ESTABLISHED = 1
const TCP_SYN_SENT = 2
const TCP_SYN_RECEIVED = 3
const TCP_FIN_WAIT_1 = 4
const TCP_FIN_WAIT_2 = 5
const TCP_CLOSE_WAIT = 8
const TCP_LAST_ACK = 9
const TCP_CLOSING = 11
const TCP_NEW_SYN_RECEIVED = 12

const OPEN_HERE = [TCP_ESTABLISHED, TCP_SYN_RECEIVED, TCP_CLOSE_WAIT, TCP_NEW_SYN_RECEIVED]
const NOT_OVER = [
  ...[TCP_SYN_SENT, TCP_ESTABLISHED, TCP_CLOSE_WAIT],
  ...[TCP_FIN_WAIT_1, TCP_FIN_WAIT_2, TCP_LAST_ACK, TCP_CLOSING],
]
const REMOTE_PORT = 6
/** When its timer ends. */
const EXPIRES = 52
const REMOTE_ADDRESS = 24
const ADDRESS_BYTES = 16
/** What an IPv4 address begins with among those of IPv6. */
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex')

/** IPv6 sockets take and make connections over IPv4 too. */
export const AF_INET = 2
export const AF_INET6 = 10

export interface TcpProgress {
  /** How long ago something was received and sent; since it was made where nothing was. */
  receivedMsAgo: number
  sentMsAgo: number
  /** How long is waited for an acknowledgement before data is sent again: some round trips. */
  retransmitAfterMs: number
  /** How many packets with data were sent, and how many were lost: they were sent again, and nobody said it was in vain. */
  packets: number
  lost: number
}

/** A TCP connection that its own side has not closed. */
export interface TcpConnection {
  localPort: number
  /** The other side's address, in the kernel's bytes as hexadecimal digits. */
  peer: string
  /** Bytes that came and that nobody has read. */
  unread: number
  /** Bytes that the other side has not acknowledged. */
  unacknowledged: number
  /** Absent while it is being made. */
  data?: TcpProgress
}

/** Asks for the connections of a family that their own side has not closed, with what is known of their progress. */
export function connectionsRequest(family: number): NetlinkRequest {
  return diagnosisRequest(family, OPEN_HERE, 1 << (INET_DIAG_INFO - 1))
}

/** Asks for the connections of a family on which one side has something to say yet. */
export function remotesRequest(family: number): NetlinkRequest {
  return diagnosisRequest(family, NOT_OVER, 0)
}

function diagnosisRequest(family: number, states: readonly number[], attributes: number): NetlinkRequest {
  const payload = Buffer.alloc(REQUEST_BYTES)
  payload.writeUInt8(family, 0)
  payload.writeUInt8(IPPROTO_TCP, 1)
  payload.writeUInt8(attributes, 2)
  payload.writeUInt32LE(
    states.reduce((mask, state) => mask | (1 << state), 0),
    4,
  )
  return { type: SOCK_DIAG_BY_FAMILY, payload }
}

/** Throws a RangeError where the message is cut short. */
export function decodeConnection({ payload }: ReceivedMessage): TcpConnection {
  const info = decodeAttributes(payload.subarray(MESSAGE_BYTES)).get(INET_DIAG_INFO)
  const isMade = info !== undefined && info.length >= DATA_SEGMENTS_SENT + 4
  return {
    localPort: payload.readUInt16BE(4),
    peer: payload.toString('hex', REMOTE_ADDRESS, REMOTE_ADDRESS + ADDRESS_BYTES),
    unread: payload.readUInt32LE(56),
    unacknowledged: payload.readUInt32LE(60),
    ...(isMade
      ? {
          data: {
            receivedMsAgo: info.readUInt32LE(LAST_DATA_RECEIVED),
            sentMsAgo: info.readUInt32LE(LAST_DATA_SENT),
            retransmitAfterMs: info.readUInt32LE(RETRANSMISSION_TIMEOUT) / 1000,
            packets: info.readUInt32LE(DATA_SEGMENTS_SENT),
            lost: lostPackets(info),
          },
        }
      : {}),
  }
}

function lostPackets(info: Buffer): number {
  const duplicates = info.length >= DUPLICATES_ARRIVED + 4 ? info.readUInt32LE(DUPLICATES_ARRIVED) : 0
  return Math.max(0, info.readUInt32LE(TOTAL_RETRANSMISSIONS) - duplicates)
}

/**
 * In how many milliseconds a connection is asked for again that nobody has answered yet; undefined for another. Throws a
 * RangeError where the message is cut short.
 */
export function decodeRepetition({ payload }: ReceivedMessage): number | undefined {
  return payload.readUInt8(1) === TCP_SYN_SENT ? payload.readUInt32LE(EXPIRES) : undefined
}

/** The other side of a connection, `address:port`; undefined where it is not IPv4. Throws a RangeError where the message is cut short. */
export function decodeRemote({ payload }: ReceivedMessage): string | undefined {
  const isMapped = payload.readUInt8(0) === AF_INET6
  const bytes = payload.subarray(REMOTE_ADDRESS, REMOTE_ADDRESS + ADDRESS_BYTES)
  if (isMapped && !bytes.subarray(0, MAPPED.length).equals(MAPPED)) return undefined
  const address = isMapped ? bytes.subarray(MAPPED.length) : bytes.subarray(0, 4)
  return `${address.join('.')}:${payload.readUInt16BE(REMOTE_PORT)}`
}
