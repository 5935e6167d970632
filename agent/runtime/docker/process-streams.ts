import type { Duplex } from 'node:stream'
import type { TerminalSize } from '../../../shared/protocol/frames.ts'
import { type ContainerProcess, type ProcessOutput, RuntimeFailure } from '../runtime.ts'
import { OutputFrames, type OutputPart } from './output-frames.ts'

export interface ProcessConnections {
  output: Duplex
  /** What came on it before. */
  held?: HeldOutput
  /** Where stdin goes, if it is wanted: mostly the same connection. */
  input?: Duplex
  tty: boolean
  resize(size: TerminalSize): Promise<void>
}

/** A process's streams on connections that Docker has left to us. */
export function processStreams(connections: ProcessConnections): ContainerProcess {
  const { output, input, resize } = connections
  return {
    output: outputOf(connections),
    write: (data) => (input ? write(input, data) : Promise.reject(new RuntimeFailure('invalid', 'there is no stdin'))),
    endInput: () => void input?.end(),
    resize,
    close: () => {
      input?.destroy()
      output.destroy()
    },
  }
}

/** The beginning of an output, and how to go on with the rest of it. */
export interface HeldOutput {
  parts: OutputPart[]
  split: SplitOutput
}

export type SplitOutput = (chunk: Buffer) => OutputPart[]

/** Only without a terminal there are two outputs to be told apart. */
export function outputSplitter(tty: boolean): SplitOutput {
  const frames = new OutputFrames()
  return tty ? (data) => [{ from: 'stdout', data }] : (chunk) => frames.split(chunk)
}

async function* outputOf({ output, held, tty }: ProcessConnections): AsyncGenerator<ProcessOutput> {
  const { parts, split } = held ?? { parts: [], split: outputSplitter(tty) }
  yield* parts
  try {
    for await (const chunk of output as AsyncIterable<Buffer>) yield* split(chunk)
  } catch (error) {
    throw new RuntimeFailure('failed', 'the connection to the container runtime was lost', error)
  }
}

function write(input: Duplex, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    input.write(data, (error) => (error ? reject(error) : resolve()))
  })
}
