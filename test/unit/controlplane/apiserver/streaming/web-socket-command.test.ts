import { beforeEach, describe, expect, it } from 'vitest'
import { ChannelSocket } from '../../../../../controlplane/apiserver/streaming/channel-socket.ts'
import { WebSocketCommand } from '../../../../../controlplane/apiserver/streaming/web-socket-command.ts'
import { FakeWebSocket } from '../../../../support/fake-web-socket.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

describe('a command over a WebSocket', () => {
  let clock: VirtualClock
  let socket: FakeWebSocket
  let command: WebSocketCommand

  beforeEach(() => {
    clock = new VirtualClock()
    socket = new FakeWebSocket()
    const streams = { stdin: true, stdout: true, stderr: true, tty: false }
    command = new WebSocketCommand(new ChannelSocket(socket.asWebSocket(), clock), streams)
  })

  it('greets the client with an empty message', () => {
    expect(socket.sent).toEqual([Buffer.of(1)])
  })

  it('makes a client wait whose stdin nobody takes, and reassures it meanwhile', async () => {
    for (let sent = 0; sent < 5; sent++) socket.receive(0, Buffer.alloc(100_000))
    expect(socket.isPaused).toBe(true)
    await clock.advance(35_000)
    expect(socket.pong).toHaveBeenCalledTimes(3)
    let taken = 0
    for await (const data of command.stdin) {
      taken += data.byteLength
      if (taken === 500_000) break
    }
    expect(socket.isPaused).toBe(false)
    await clock.advance(60_000)
    expect(socket.pong).toHaveBeenCalledTimes(3)
  })

  it('keeps only so many sizes that nobody takes', async () => {
    for (let width = 1; width <= 1000; width++) socket.receive(4, Buffer.from(`{"Width":${width},"Height":1}`))
    socket.emit('close')
    const widths: number[] = []
    const reading = (async () => {
      for await (const size of command.sizes) widths.push(size.width)
    })()
    await expect(reading).rejects.toThrow('gone')
    expect(widths).toHaveLength(100)
  })

  it('hangs up with a Status, and does not wait for ever', async () => {
    await command.finish({ metadata: {}, status: 'Success' })
    expect(String(socket.sent.at(-1))).toBe('\x03{"metadata":{},"status":"Success"}')
    expect(socket.close).toHaveBeenCalledWith(1000)
    await clock.advance(10_000)
    expect(socket.terminate).toHaveBeenCalled()
    expect(command.signal.aborted).toBe(true)
  })

  it('does not know the closing of channels in version 4', async () => {
    socket.protocol = 'v4.channel.k8s.io'
    socket.receive(255, Buffer.of(0))
    socket.receive(0, Buffer.from('still open'))
    for await (const data of command.stdin) {
      expect(String(data)).toBe('still open')
      break
    }
  })
})
