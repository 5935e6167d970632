import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream'
import { OutputFrames } from './output-frames.ts'

/** Takes the payload out of Docker's multiplexed stream; both outputs come out as one. Honours backpressure. */
export class LogDemultiplexer extends Transform {
  readonly #frames = new OutputFrames()

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (const { data } of this.#frames.split(chunk)) this.push(data)
    done()
  }
}

/** All of a multiplexed stream as text, cut at a limit. Rejects when the stream breaks. */
export async function collectOutput(stream: Readable, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  const output = new LogDemultiplexer()
  pipeline(stream, output, () => undefined)
  for await (const chunk of output as AsyncIterable<Buffer>) {
    if (size < limitBytes) chunks.push(chunk.subarray(0, limitBytes - size))
    size += chunk.length
  }
  return Buffer.concat(chunks).toString('utf8')
}
