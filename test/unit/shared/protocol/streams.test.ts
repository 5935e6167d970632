import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../../shared/api/api-error.ts'
import { silentLogger } from '../../../../shared/log.ts'
import { decodeAgentMessage, decodeControlMessage, encodeData } from '../../../../shared/protocol/codec.ts'
import { FrameSocket } from '../../../../shared/protocol/frame-socket.ts'
import {
  type AgentFrame,
  CLOSE_CODES,
  type ControlFrame,
  INITIAL_STREAM_CREDIT,
  type LogsRequest,
} from '../../../../shared/protocol/frames.ts'
import type { Stream, StreamServer } from '../../../../shared/protocol/stream.ts'
import { StreamAcceptor } from '../../../../shared/protocol/stream-acceptor.ts'
import { StreamOpener } from '../../../../shared/protocol/stream-opener.ts'
import { type SocketPair, socketPair } from '../../../support/socket-pair.ts'
import { settle } from '../../../support/virtual-clock.ts'

const request: LogsRequest = {
  kind: 'logs',
  podUid: 'u1',
  container: 'web',
  follow: false,
  previous: false,
  timestamps: false,
}
const never = new AbortController().signal

/** Both ends of a connection whose agent serves streams with `serve`. */
function connect(serve: StreamServer['serve'], pair: SocketPair = socketPair()) {
  const control = new FrameSocket<AgentFrame, ControlFrame>(pair.a, decodeAgentMessage, silentLogger)
  const opener = new StreamOpener(control)
  control.onFrame({
    frame: (frame) => {
      if (frame.type === 'streamOpened') opener.opened(frame.stream)
      else if (frame.type === 'streamCredit' || frame.type === 'streamEnd') opener.receive(frame)
    },
    data: (message) => opener.receiveData(message),
  })
  control.onClose(() => opener.lose('the connection to the node was lost'))

  const agent = new FrameSocket<ControlFrame, AgentFrame>(pair.b, decodeControlMessage, silentLogger)
  const acceptor = new StreamAcceptor(agent, { serve })
  agent.onFrame({
    frame: (frame) => {
      if (frame.type === 'streamOpen') acceptor.accept(frame.stream, frame.request)
      else if (frame.type === 'streamCredit' || frame.type === 'streamEnd') acceptor.receive(frame)
    },
    data: (message) => acceptor.receiveData(message),
  })
  agent.onClose(() => acceptor.lose('the connection to the control plane was lost'))
  return { opener, pair }
}

async function readAll(stream: Stream): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const { data } of stream.input) chunks.push(data)
  return Buffer.concat(chunks)
}

/** Serves by running `body` after the stream was accepted. */
const afterwards =
  (body: (stream: Stream) => Promise<void>): StreamServer['serve'] =>
  async (_request, stream) => {
    void body(stream).catch(() => {})
  }

describe('streams', () => {
  it('carry bytes of any sizes, whole and in order, on many streams at once', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.array(sizes, { minLength: 1, maxLength: 4 }), async (streams) => {
        const written = streams.map((chunks, index) => chunks.map((size, at) => Buffer.alloc(size, index * 16 + at)))
        let next = 0
        const { opener } = connect(
          afterwards(async (stream) => {
            const mine = written[next++] ?? []
            for (const chunk of mine) void stream.write(1, chunk)
            stream.end()
          }),
        )
        const opened = []
        for (const _ of streams) opened.push(await opener.open(request, never))
        const read = await Promise.all(opened.map(readAll))
        expect(read.map((bytes) => bytes.length)).toEqual(written.map((chunks) => Buffer.concat(chunks).length))
        expect(read.every((bytes, index) => bytes.equals(Buffer.concat(written[index] ?? [])))).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('let a slow reader stall its own stream only', async () => {
    const sent = [0, 0]
    let next = 0
    const { opener } = connect(
      afterwards(async (stream) => {
        const index = next++
        for (let i = 0; i < 100; i++) {
          await stream.write(1, new Uint8Array(10_000))
          sent[index] = (sent[index] ?? 0) + 10_000
        }
        stream.end()
      }),
    )
    const slow = await opener.open(request, never)
    const fast = await opener.open(request, never)
    expect((await readAll(fast)).length).toBe(1_000_000)
    expect(sent[0]).toBeGreaterThan(INITIAL_STREAM_CREDIT - 10_000)
    expect(sent[0]).toBeLessThanOrEqual(INITIAL_STREAM_CREDIT)
    expect((await readAll(slow)).length).toBe(1_000_000)
  })

  it('refuse with the Status that the server gives', async () => {
    const refusal = new ApiError('BadRequest', 'container "web" is waiting to start')
    const { opener } = connect(() => Promise.reject(refusal))
    await expect(opener.open(request, never)).rejects.toMatchObject({
      reason: 'BadRequest',
      code: 400,
      message: refusal.message,
    })
  })

  it('end badly with what the server says, after the data before it', async () => {
    const { opener } = connect(
      afterwards(async (stream) => {
        await stream.write(1, Buffer.from('half'))
        stream.end(new ApiError('InternalError', 'disk on fire'))
      }),
    )
    const read: string[] = []
    const reading = (async () => {
      const stream = await opener.open(request, never)
      for await (const { data } of stream.input) read.push(Buffer.from(data).toString())
    })()
    await expect(reading).rejects.toThrow('disk on fire')
    expect(read).toEqual(['half'])
  })

  it('carry both ways, and the end of the input is not the end of the stream', async () => {
    const { opener } = connect(
      afterwards(async (stream) => {
        const input = await readAll(stream)
        await stream.write(1, Buffer.from(input.toString().toUpperCase()))
        stream.end()
      }),
    )
    const stream = await opener.open(request, never)
    await stream.write(0, Buffer.from('shout'))
    stream.end()
    expect(stream.signal.aborted).toBe(false)
    expect((await readAll(stream)).toString()).toBe('SHOUT')
    expect(stream.signal.aborted).toBe(true)
    await expect(stream.write(0, Buffer.from('x'))).rejects.toThrow('the stream has ended')
  })

  it('end on both sides when the opener gives up', async () => {
    let served: Stream | undefined
    const { opener } = connect(async (_request, stream) => {
      served = stream
    })
    const abort = new AbortController()
    const stream = await opener.open(request, abort.signal)
    abort.abort()
    await settle()
    expect(stream.signal.aborted).toBe(true)
    expect(served?.signal.aborted).toBe(true)
    await expect(readAll(stream)).rejects.toThrow('given up')
  })

  it('end for the server when the reader stops reading', async () => {
    let served: Stream | undefined
    const { opener } = connect(async (_request, stream) => {
      served = stream
      await stream.write(1, Buffer.from('line'))
    })
    const stream = await opener.open(request, never)
    for await (const _ of stream.input) break
    await settle()
    expect(served?.signal.aborted).toBe(true)
  })

  it('give up waiting for a server that does not answer', async () => {
    const { opener } = connect(() => new Promise(() => {}))
    const abort = new AbortController()
    const opening = opener.open(request, abort.signal)
    abort.abort()
    await expect(opening).rejects.toThrow('given up')
  })

  it('all end with an error when the connection is cut, opened or not', async () => {
    let served: Stream | undefined
    let serving = 0
    const { opener, pair } = connect(async (_request, stream) => {
      if (serving++ > 0) return new Promise(() => {})
      served = stream
    })
    const stream = await opener.open(request, never)
    const opening = opener.open(request, never)
    await settle()
    const stalled = served?.write(1, new Uint8Array(2 * INITIAL_STREAM_CREDIT))
    pair.cut()
    await expect(opening).rejects.toMatchObject({ reason: 'ServiceUnavailable' })
    await expect(readAll(stream)).rejects.toThrow('the connection to the node was lost')
    await expect(stalled).rejects.toThrow('the connection to the control plane was lost')
  })

  it('close the connection of a peer that ignores its credit', async () => {
    const { opener, pair } = connect(async () => {})
    await opener.open(request, never)
    let closed: number | undefined
    pair.b.onClose((code) => {
      closed = code
    })
    for (let i = 0; i < 3; i++) {
      pair.b.send(encodeData({ stream: 1, channel: 1, data: new Uint8Array(INITIAL_STREAM_CREDIT / 2) }))
    }
    await settle()
    expect(closed).toBe(CLOSE_CODES.badFrame)
  })

  it('are bounded in number on the agent', async () => {
    const { opener } = connect(async () => {})
    for (let i = 0; i < 1000; i++) await opener.open(request, new AbortController().signal)
    await expect(opener.open(request, new AbortController().signal)).rejects.toMatchObject({ code: 429 })
  })
})
