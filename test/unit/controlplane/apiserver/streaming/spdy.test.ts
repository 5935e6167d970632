import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { constants, inflateSync } from 'node:zlib'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { emptyHeaderBlock } from '../../../../../controlplane/apiserver/streaming/spdy/header-block.ts'
import { HEADER_DICTIONARY } from '../../../../../controlplane/apiserver/streaming/spdy/header-dictionary.ts'
import { SpdyConnection } from '../../../../../controlplane/apiserver/streaming/spdy/spdy-connection.ts'
import type { SpdyStream } from '../../../../../controlplane/apiserver/streaming/spdy/spdy-stream.ts'
import { duplexPair } from '../../../../support/duplex-pair.ts'
import { SpdyClient } from '../../../../support/spdy-client.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

describe('SPDY', () => {
  let client: SpdyClient
  let socket: Duplex
  let clientSocket: Duplex
  let clock: VirtualClock
  let connection: SpdyConnection
  let streams: SpdyStream[]

  beforeEach(() => {
    clock = new VirtualClock()
    streams = []
    ;[clientSocket, socket] = duplexPair()
    client = new SpdyClient(clientSocket)
    connection = new SpdyConnection(socket, clock, (stream) => streams.push(stream))
  })

  const opened = async (headers: Record<string, string> = { streamtype: 'data' }, isFinal = false) => {
    const number = await client.open(headers, isFinal)
    await vi.waitFor(() => expect(client.frames).toContainEqual(expect.objectContaining({ type: 'reply', number })))
    return [number, streams.at(-1) as SpdyStream] as const
  }
  const isGone = () => vi.waitFor(() => expect(clientSocket.destroyed || clientSocket.readableEnded).toBe(true))

  it('has the dictionary of the protocol, to the byte', () => {
    const digest = createHash('sha256').update(HEADER_DICTIONARY).digest('hex')
    expect(digest).toBe('51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02')
  })

  it('writes header blocks that go on as one compressed stream', () => {
    const blocks = Buffer.concat([emptyHeaderBlock(true), emptyHeaderBlock(false)])
    const options = { dictionary: HEADER_DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH }
    expect(inflateSync(blocks, options)).toEqual(Buffer.alloc(8))
  })

  it('opens streams with their headers, each with those before in the dictionary', async () => {
    await opened({ streamType: 'error', port: '8080' })
    const [, stream] = await opened({ streamtype: 'data', port: '8080', requestid: '0' })
    expect(streams[0]?.headers).toEqual({ streamtype: 'error', port: '8080' })
    expect(stream.headers).toEqual({ streamtype: 'data', port: '8080', requestid: '0' })
  })

  it('passes data on in both directions, and the end of each', async () => {
    const [number, stream] = await opened()
    client.data(number, 'to ')
    client.data(number, 'pod', true)
    const parts: string[] = []
    for await (const data of stream.input) parts.push(Buffer.from(data).toString())
    expect(parts.join('')).toBe('to pod')
    await stream.write(Buffer.from('from pod'))
    await stream.end()
    await vi.waitFor(() => expect(client.hasEnded(number)).toBe(true))
    expect(client.text(number)).toBe('from pod')
    await expect(stream.write(Buffer.from('more'))).rejects.toThrow('ended')
  })

  it('ends a stream that was open in one direction only, and one that the client resets', async () => {
    const [, half] = await opened({}, true)
    for await (const _ of half.input) throw new Error('there is none')
    const [number, reset] = await opened()
    client.reset(number)
    await vi.waitFor(() => expect(reset.signal.aborted).toBe(true))
    await expect(reset.write(Buffer.from('x'))).rejects.toThrow()
  })

  it('answers pings', async () => {
    client.ping(7)
    await vi.waitFor(() => expect(client.frames).toEqual([expect.objectContaining({ type: 'ping', number: 7 })]))
  })

  it('lets a client wait whose data nobody takes', async () => {
    const [number, stream] = await opened()
    const sent = 4 * 1024 * 1024
    for (let at = 0; at < sent; at += 65536) client.data(number, Buffer.alloc(65536))
    await clock.advance(1000)
    expect(clientSocket.writableLength).toBeGreaterThan(sent / 2)
    client.data(number, '', true)
    let taken = 0
    for await (const data of stream.input) taken += data.byteLength
    expect(taken).toBe(sent)
  })

  it('sends a client away that does not keep to the protocol', async () => {
    await opened()
    client.control(1, 0, Buffer.concat([Buffer.of(0, 0, 0, 1), Buffer.alloc(6), await client.compress({})]))
    await isGone()
    expect(client.frames.at(-1)?.type).toBe('goaway')
    expect(streams[0]?.signal.aborted).toBe(true)
  })

  it.each([
    ['another version', (client: SpdyClient) => client.raw(Buffer.from('8002000100000000', 'hex'))],
    ['a long control frame', (client: SpdyClient) => client.raw(Buffer.from('8003000400ffffff', 'hex'))],
    ['a stream without headers', (client: SpdyClient) => client.control(1, 0, Buffer.alloc(4))],
    ['headers that are none', (client: SpdyClient) => client.control(1, 0, Buffer.alloc(40, 0x55))],
    ['HTTP', (client: SpdyClient) => client.raw(Buffer.from('\xff\xff\xff\xff\x00\x00\x00\x04GET ', 'latin1'))],
  ])('takes no %s', async (_, act) => {
    act(client)
    await isGone()
  })

  it('takes no headers that grow beyond measure', async () => {
    await client.open({ bomb: 'x'.repeat(1024 * 1024) })
    await isGone()
    expect(streams).toEqual([])
  })

  it('says goodbye after what was written, and does not wait for ever', async () => {
    const [number, stream] = await opened()
    void stream.write(Buffer.from('last words'))
    connection.close()
    await vi.waitFor(() => expect(client.frames.at(-1)?.type).toBe('goaway'))
    expect(client.text(number)).toBe('last words')
    await clock.advance(10_000)
    expect(socket.destroyed).toBe(true)
  })

  it('loses its streams with the connection', async () => {
    const [, stream] = await opened()
    clientSocket.destroy()
    await once(stream.signal, 'abort')
    const reading = (async () => {
      for await (const _ of stream.input);
    })()
    await expect(reading).rejects.toThrow('gone')
  })
})
