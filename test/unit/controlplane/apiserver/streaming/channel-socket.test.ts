import { describe, expect, it } from 'vitest'
import { ChannelSocket } from '../../../../../controlplane/apiserver/streaming/channel-socket.ts'
import { FakeWebSocket } from '../../../../support/fake-web-socket.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const CHUNK = Buffer.alloc(100_000)

function open(protocol = 'v4.channel.k8s.io') {
  const socket = new FakeWebSocket(protocol)
  return { socket, channels: new ChannelSocket(socket.asWebSocket(), new VirtualClock()) }
}

describe('channels over a WebSocket', () => {
  it('make a client wait for what is not taken on all of them together', async () => {
    const { socket, channels } = open()
    const [first, second] = [channels.input(0), channels.input(2)]
    for (const channel of [0, 2, 0]) socket.receive(channel, CHUNK)
    expect(socket.isPaused).toBe(true)
    for (const input of [first, second]) {
      const { value } = await input[Symbol.asyncIterator]().next()
      expect(value).toEqual(CHUNK)
    }
    expect(socket.isPaused).toBe(false)
  })

  it('hold nobody up for what no reader wants any more', async () => {
    const { socket, channels } = open()
    const unwanted = channels.input(0)
    const reader = unwanted[Symbol.asyncIterator]()
    for (let sent = 0; sent < 3; sent++) socket.receive(0, CHUNK)
    unwanted.drop()
    expect(socket.isPaused).toBe(false)
    for (let sent = 0; sent < 3; sent++) {
      socket.receive(0, CHUNK)
      await reader.next()
    }
    const other = channels.input(2)
    for (let sent = 0; sent < 3; sent++) socket.receive(2, CHUNK)
    expect(socket.isPaused).toBe(true)
    let taken = 0
    for await (const { byteLength } of other) {
      taken += byteLength
      if (taken === 300_000) break
    }
    expect(socket.isPaused).toBe(false)
  })

  it('let go what comes on channels that nobody asked for, and empty messages', async () => {
    const { socket, channels } = open()
    const input = channels.input(0)
    for (let sent = 0; sent < 5; sent++) socket.receive(7, CHUNK)
    socket.emit('message', Buffer.alloc(0))
    expect(socket.isPaused).toBe(false)
    socket.emit('close')
    await expect(input[Symbol.asyncIterator]().next()).rejects.toThrow('the client has gone')
  })

  it('speak base64 with who asked for it', async () => {
    const { socket, channels } = open('v4.base64.channel.k8s.io')
    const input = channels.input(2)
    socket.emit('message', Buffer.from(`2${Buffer.from('to').toString('base64')}`))
    const { value } = await input[Symbol.asyncIterator]().next()
    expect(String(value)).toBe('to')
    await channels.send(13, Buffer.from('from'))
    expect(socket.sent).toEqual([`=${Buffer.from('from').toString('base64')}`])
  })
})
