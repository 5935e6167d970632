import { beforeEach, describe, expect, it } from 'vitest'
import {
  be32,
  decodeAttributes,
  nested,
  text,
  textOf,
  u32,
} from '../../../../../agent/network/netlink/netlink-attributes.ts'
import { NetlinkClient } from '../../../../../agent/network/netlink/netlink-client.ts'
import { NetlinkError } from '../../../../../agent/network/netlink/netlink-error.ts'
import { decodeMessages, encodeMessage, MODIFIERS } from '../../../../../agent/network/netlink/netlink-message.ts'
import { type DatagramSocket, SocketFailure } from '../../../../../agent/runtime/socket-relay.ts'

const RTM_NEWLINK = 16
const RTM_NEWROUTE = 24
const RTM_GETLINK = 18
const NFT_MSG_NEWTABLE = 0x0a00
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NFTABLES = 10

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

/** What `ip route add 10.9.0.0/16 via 10.1.1.1` sends, and what the kernel answers where there is no way to that gateway. */
const ROUTE = hex(`
  2c000000 18000506 a230076b 00000000  02100000 fe030001 00000000 08000100 0a090000 08000500 0a010101`)
const NO_GATEWAY = hex(`
  60000000 02000002 a230076b b7240000  9bffffff 2c000000 18000506 a230076b 00000000 02100000 fe030001 00000000
  08000100 0a090000 08000500 0a010101  20000100 4e657874 686f7020 68617320 696e7661 6c696420 67617465 77617900`)
/** What `nft add table ip kubette` sends. */
const TABLE = hex(`
  14000000 10000100 00000000 00000000 0000000a
  28000000 000a0100 01000000 00000000 02000000 0c000100 6b756265 74746500 08000200 00000000
  14000000 11000100 02000000 00000000 0000000a`)
/** What `ip link add br0 type bridge` sends, whose texts have no zero at their ends within others. */
const BRIDGE_NAME = hex('08000300 62723000')

describe('netlink messages', () => {
  it('are encoded as ip encodes them', () => {
    const payload = Buffer.concat([hex('02100000fe03000100000000'), ipv4(1, '0a090000'), ipv4(5, '0a010101')])
    const flags = 0x1 | 0x4 | MODIFIERS.create | MODIFIERS.exclusive
    expect(encodeMessage({ type: RTM_NEWROUTE, flags, payload }, 0x6b0730a2)).toEqual(ROUTE)
    expect(text(3, 'br0')).toEqual(BRIDGE_NAME)
  })

  it('are decoded with the attributes in them', () => {
    const [message] = decodeMessages(ROUTE)
    expect(message).toMatchObject({ type: RTM_NEWROUTE, flags: 0x605, sequence: 0x6b0730a2, port: 0 })
    const attributes = decodeAttributes(message?.payload.subarray(12) ?? Buffer.alloc(0))
    expect([...attributes].map(([type, value]) => [type, value.toString('hex')])).toEqual([
      [1, '0a090000'],
      [5, '0a010101'],
    ])
    const inner = decodeAttributes(nested(18, text(1, 'bridge'), u32(4, 7)).subarray(4))
    expect(textOf(inner.get(1) ?? Buffer.alloc(0))).toBe('bridge')
    expect(decodeAttributes(nested(18)).has(18)).toBe(true)
  })

  it('that are cut short are refused', () => {
    expect(() => decodeMessages(ROUTE.subarray(0, 40))).toThrow('a netlink message of 44 bytes at 0 of 40')
    expect(() => decodeAttributes(hex('0800010001'))).toThrow('a netlink attribute of 8 bytes at 0 of 5')
  })
})

describe('a netlink client', () => {
  let kernel: FakeSocket
  let client: NetlinkClient

  beforeEach(() => {
    kernel = new FakeSocket()
    client = new NetlinkClient(kernel)
  })
  const sent = () => kernel.sent.flatMap((datagram) => decodeMessages(datagram))
  const answer = (type: number, sequence: number, payload: Buffer, flags = 0) => {
    kernel.message(encodeMessage({ type, flags, payload }, sequence))
  }
  const done = (sequence: number, errno = 0) => answer(NLMSG_ERROR, sequence, status(errno))

  it('resolves a request when it is acknowledged, with what came before, one request after the other', async () => {
    const first = client.request({ type: RTM_GETLINK, payload: Buffer.from('one!') })
    const second = client.request({ type: RTM_GETLINK, payload: Buffer.from('two!') })
    await settle()
    expect(sent()).toMatchObject([{ type: RTM_GETLINK, flags: 0x5, sequence: 1, payload: Buffer.from('one!') }])
    answer(RTM_NEWLINK, 1, Buffer.from('link'))
    done(1)
    expect(await first).toMatchObject([{ type: RTM_NEWLINK, payload: Buffer.from('link') }])
    await settle()
    done(2)
    expect(await second).toEqual([])
  })

  it("rejects with the kernel's error and its own words, and goes on", async () => {
    const refused = client.request({ type: RTM_NEWROUTE, payload: Buffer.alloc(0) })
    await settle()
    const words = Buffer.from(NO_GATEWAY)
    words.writeUInt32LE(1, 8)
    kernel.message(words)
    await expect(refused).rejects.toMatchObject({ code: 'ENETUNREACH', reason: 'Nexthop has invalid gateway' })
    const next = client.request({ type: RTM_NEWROUTE, payload: Buffer.alloc(0) })
    await settle()
    done(2, -17)
    await expect(next).rejects.toThrow(new NetlinkError('EEXIST'))
  })

  it('lists what comes in many parts, and again where it has changed meanwhile', async () => {
    const links = client.dump({ type: RTM_GETLINK, payload: Buffer.alloc(16) })
    await settle()
    expect(sent()).toMatchObject([{ flags: 0x301 }])
    answer(RTM_NEWLINK, 1, Buffer.from('old!'), 0x12)
    answer(NLMSG_DONE, 1, status(0), 2)
    await settle()
    const parts = ['eth0', 'eth1'].map((name) =>
      encodeMessage({ type: RTM_NEWLINK, flags: 2, payload: Buffer.from(name) }, 2),
    )
    kernel.message(Buffer.concat(parts))
    answer(NLMSG_DONE, 2, status(0), 2)
    expect((await links).map(({ payload }) => payload.toString())).toEqual(['eth0', 'eth1'])
  })

  it('sends a batch as one datagram, as nft does, and waits for its last message', async () => {
    await client.batch(NFTABLES, [])
    const payload = Buffer.concat([hex('02000000'), text(1, 'kubette'), be32(2, 0)])
    const added = client.batch(NFTABLES, [{ type: NFT_MSG_NEWTABLE, payload }])
    await settle()
    expect(kernel.sent).toHaveLength(1)
    const [begin, table, end] = sent()
    const [itsBegin, itsTable, itsEnd] = decodeMessages(TABLE)
    expect([begin, end]).toMatchObject([
      { ...itsBegin, sequence: 1 },
      { ...itsEnd, sequence: 3 },
    ])
    expect(table).toMatchObject({ ...itsTable, flags: 0x5, sequence: 2 })
    done(2)
    await added
  })

  it('tells which message of a batch was refused, or that it was the whole', async () => {
    const message = { type: NFT_MSG_NEWTABLE, payload: hex('02000000') }
    const one = client.batch(NFTABLES, [message, message, message])
    const whole = client.batch(NFTABLES, [message])
    await settle()
    done(3, -2)
    done(4)
    await expect(one).rejects.toThrow('netlink: ENOENT for message 1')
    await settle()
    done(6, -12)
    await expect(whole).rejects.toMatchObject({ code: 'ENOMEM', index: undefined })
  })

  it('tells of notifications, and of lost ones', async () => {
    const notified: (number | 'lost')[] = []
    client.onNotification(
      ({ type }) => notified.push(type),
      () => notified.push('lost'),
    )
    answer(RTM_NEWLINK, 0, Buffer.from('eth9'))
    kernel.failure(new SocketFailure('ENOBUFS', 'receiving'))
    expect(notified).toEqual([RTM_NEWLINK, 'lost'])
  })

  it('rejects when what it waits for was lost, when the socket is closed, and for an answer that makes no sense', async () => {
    const ask = async () => {
      const asked = client.request({ type: RTM_GETLINK, payload: Buffer.alloc(0) })
      asked.catch(() => {})
      await settle()
      return { asked }
    }
    const lost = await ask()
    kernel.failure(new SocketFailure('ENOBUFS', 'receiving'))
    await expect(lost.asked).rejects.toMatchObject({ code: 'ENOBUFS' })
    const confused = await ask()
    kernel.message(Buffer.alloc(20))
    await expect(confused.asked).rejects.toThrow(RangeError)
    const closed = await ask()
    kernel.close()
    await expect(closed.asked).rejects.toMatchObject({ code: 'ENOTCONN' })
    await expect((await ask()).asked).rejects.toMatchObject({ code: 'ENOTCONN' })
  })
})

class FakeSocket implements DatagramSocket {
  readonly sent: Buffer[] = []
  message: (data: Buffer) => void = () => {}
  failure: (failure: SocketFailure) => void = () => {}
  readonly closed: Promise<void>
  #close: () => void = () => {}
  #isClosed = false

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#close = resolve
    })
  }

  async send(data: Uint8Array): Promise<void> {
    if (this.#isClosed) throw new SocketFailure('ENOTCONN', 'sending')
    this.sent.push(Buffer.from(data))
  }

  onMessage(listener: (data: Buffer, from: undefined) => void): void {
    this.message = (data) => listener(data, undefined)
  }

  onFailure(listener: (failure: SocketFailure) => void): void {
    this.failure = listener
  }

  close(): void {
    this.#isClosed = true
    this.#close()
  }
}

function ipv4(type: number, address: string): Buffer {
  return be32(type, Number.parseInt(address, 16))
}

function status(errno: number): Buffer {
  const payload = Buffer.alloc(20)
  payload.writeInt32LE(errno)
  return payload
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
