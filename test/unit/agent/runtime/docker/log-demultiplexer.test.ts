import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collectOutput, LogDemultiplexer } from '../../../../../agent/runtime/docker/log-demultiplexer.ts'

function frame(stream: number, payload: string): Buffer {
  const body = Buffer.from(payload)
  const header = Buffer.alloc(8)
  header[0] = stream
  header.writeUInt32BE(body.length, 4)
  return Buffer.concat([header, body])
}

/** Cut into pieces of the given sizes, over and over. */
function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

describe('LogDemultiplexer', () => {
  it('gives the payload of all frames, wherever the chunks are cut', async () => {
    const payloads = fc.array(fc.record({ stream: fc.constantFrom(1, 2), payload: fc.string({ maxLength: 30 }) }))
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(payloads, sizes, async (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(({ stream, payload }) => frame(stream, payload)))
        const output = await text(Readable.from(pieces(bytes, cuts)).pipe(new LogDemultiplexer()))
        expect(output).toBe(frames.map(({ payload }) => payload).join(''))
      }),
    )
  })

  it('takes no more than its reader does', async () => {
    const output = new LogDemultiplexer()
    const one = frame(1, 'x'.repeat(16_384))
    let written = 0
    while (output.write(one)) written++
    expect(written).toBeLessThan(5)
    output.destroy()
  })
})

describe('collectOutput', () => {
  it('cuts at the limit, across both streams', async () => {
    const bytes = Buffer.concat([frame(1, 'abc'), frame(2, 'def'), frame(1, 'ghi')])
    expect(await collectOutput(Readable.from([bytes]), 5)).toBe('abcde')
  })

  it('rejects when the stream breaks', async () => {
    const broken = new Readable({ read: () => undefined })
    const output = collectOutput(broken, 100)
    broken.destroy(new Error('gone'))
    await expect(output).rejects.toThrow('gone')
  })
})
