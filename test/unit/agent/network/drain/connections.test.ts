import { describe, expect, it } from 'vitest'
import { busyMsOf, onItsWayMs } from '../../../../../agent/network/drain/connection-rest.ts'
import {
  AF_INET6,
  connectionsRequest,
  decodeConnection,
  decodeRemote,
  remotesRequest,
} from '../../../../../agent/network/netlink/inet-diag.ts'

/** What a kernel of the 6 series said of a server's end that had not read 7 bytes and had sent 2, 332 ms before. */
const PAYLOAD =
  '0a0100009f119a5a00000000000000000000ffff7f00000100000000000000000000ffff7f000001000000003a10000000000000000000000700' +
  '00000000000000000000e6ab4600050008000000000008000f00000000000c001500010000000000000006001600120000001c01020001000000' +
  '0007aa01e01c0300409c0000008000001802000000000000000000000000000000000000000000004c010000000000007c0100004c010000ffff' +
  '0000cbff0000170000000d000000ffffff7f0b000000cbff00000300000000000000cbff000000000000c2cef8610a000000ffffffffffffffff' +
  '020000000000000007000000000000000200000004000000000000001500000001000000010000000cc3802e0000000000000000000000000000' +
  '00000000000000000000000000000200000000000000020000000000000000000000000000000000000000000000000000000000010000000100' +
  '0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
const message = (payload: Buffer) => ({ type: 20, flags: 2, sequence: 1, port: 0, payload })

describe('the kernel on connections', () => {
  it('is asked for those that their own side has not closed, with what it knows of TCP', () => {
    const { type, payload } = connectionsRequest(AF_INET6)
    expect(type).toBe(20)
    expect(payload).toHaveLength(56)
    expect([...payload.subarray(0, 8)]).toEqual([10, 6, 2, 0, 0x0a, 0x11, 0, 0])
  })

  it('says what waits and when data last came and went', () => {
    expect(decodeConnection(message(Buffer.from(PAYLOAD, 'hex')))).toEqual({
      localPort: 40721,
      peer: '00000000000000000000ffff7f000001',
      unread: 7,
      unacknowledged: 0,
      data: { receivedMsAgo: 380, sentMsAgo: 332, retransmitAfterMs: 204, packets: 1, lost: 0 },
    })
  })

  it('is asked for the other sides of those that are not over, and says them', () => {
    expect([...remotesRequest(AF_INET6).payload.subarray(0, 8)]).toEqual([10, 6, 0, 0, 0x36, 0x0b, 0, 0])
    const payload = Buffer.from(PAYLOAD, 'hex')
    expect(decodeRemote(message(payload))).toBe('127.0.0.1:39514')
    payload[24] = 0xfd
    expect(decodeRemote(message(payload))).toBeUndefined()
  })

  it('says less of a connection that is being made', () => {
    const payload = Buffer.from(PAYLOAD, 'hex').subarray(0, 72)
    expect(decodeConnection(message(payload))).not.toHaveProperty('data')
    expect(() => decodeConnection(message(payload.subarray(0, 60)))).toThrow(RangeError)
  })
})

const connection = (receivedMsAgo: number, sentMsAgo: number, more = {}, progress = {}) => ({
  ...{ localPort: 80, peer: 'a' },
  unread: 0,
  unacknowledged: 0,
  data: { receivedMsAgo, sentMsAgo, retransmitAfterMs: 204, packets: 90, lost: 0, ...progress },
  ...more,
})

describe('connections are at rest', () => {
  it.each([
    ['none', [], 0],
    ['idle for a second', [connection(1_010, 1_005)], 0],
    ['new and unused', [connection(200, 200)], 800],
    ['answered just now', [connection(310, 300)], 700],
    ['waiting for an answer', [connection(2_000, 9_000)], 3_000],
    ['without an answer for long', [connection(5_000, 9_000)], 0],
    ['with bytes that nobody has read', [connection(9_000, 9_000, { unread: 1 })], 100],
    ['with bytes that are not acknowledged', [connection(9_000, 9_000, { unacknowledged: 1 })], 100],
    ['over a slow link', [connection(1_010, 1_005, {}, { retransmitAfterMs: 500 })], 495],
    ['over a very slow link', [connection(1_010, 1_000, {}, { retransmitAfterMs: 9_000 })], 4_000],
    // Six packets that go the same way are all lost once in a million: the last is sent after 31 times 204 ms.
    ['over a link that loses a tenth', [connection(1_010, 1_000, {}, { lost: 10 })], 5_324],
    ['over a link that loses a hundredth', [connection(1_010, 1_000, {}, { lost: 1 })], 0],
    ['over a link that lost one of few', [connection(1_010, 1_000, {}, { packets: 2, lost: 1 })], 5_324],
    [
      'new and unused, of a peer to which another lost a tenth',
      [connection(200, 200, {}, { packets: 0 }), connection(9_000, 9_000, {}, { lost: 10 })],
      6_124,
    ],
    [
      'of a peer that loses nothing, whatever others do',
      [connection(1_010, 1_000, { peer: 'b' }), connection(9_000, 9_000, {}, { lost: 10 })],
      0,
    ],
    ['being made', [{ localPort: 80, peer: 'a', unread: 0, unacknowledged: 0 }], 100],
    ['the busiest of several', [connection(990, 985), connection(310, 300)], 700],
  ])('%s', (_, connections, busyMs) => {
    expect(busyMsOf(connections)).toBe(busyMs)
  })
})

describe('what is on its way', () => {
  it.each([
    ['is waited for a moment', [], 300],
    ['is waited for where all are near', [connection(0, 0)], 300],
    [
      'takes as long as answers of the farthest',
      [connection(0, 0), connection(0, 0, {}, { retransmitAfterMs: 800 })],
      800,
    ],
    ['may be too far away', [connection(0, 0, {}, { retransmitAfterMs: 60_000 })], 5_000],
  ])('%s', (_, connections, ms) => {
    expect(onItsWayMs(connections)).toBe(ms)
  })
})
