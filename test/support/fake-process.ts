import type { ExecProcess, PortConnection, ProcessOutput } from '../../agent/runtime/runtime.ts'
import type { TerminalSize } from '../../shared/protocol/frames.ts'
import { InputQueue } from '../../shared/protocol/input-queue.ts'

/** A process in memory, from the inside: what a test's program sees and does. */
export class FakeProcess {
  readonly input = queue<Uint8Array>()
  readonly sizes: TerminalSize[] = []
  /** What it printed before anybody listened. */
  readonly #backlog: ProcessOutput[] = []
  readonly #listeners = new Set<InputQueue<ProcessOutput>>()
  readonly #ended: Promise<number>
  readonly #onExit: (exitCode: number) => void
  #end: (exitCode: number) => void = () => {}
  #exitCode: number | undefined
  #wasJoined = false

  constructor(onExit: (exitCode: number) => void = () => {}) {
    this.#onExit = onExit
    this.#ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  print(text: string, from: ProcessOutput['from'] = 'stdout'): void {
    const output = { from, data: Buffer.from(text) }
    if (!this.#wasJoined) this.#backlog.push(output)
    for (const listener of this.#listeners) listener.push(output)
  }

  exit(exitCode: number): void {
    if (this.#exitCode !== undefined) return
    this.#exitCode = exitCode
    this.#end(exitCode)
    this.#onExit(exitCode)
    for (const listener of this.#listeners) listener.finish()
  }

  /** The outside of it. The first to join gets all that was printed before. */
  join(signal: AbortSignal): ExecProcess {
    const output = queue<ProcessOutput>()
    for (const part of this.#wasJoined ? [] : this.#backlog.splice(0)) output.push(part)
    this.#wasJoined = true
    this.#listeners.add(output)
    if (this.#exitCode !== undefined) output.finish()
    const close = () => {
      this.#listeners.delete(output)
      output.finish()
    }
    signal.addEventListener('abort', close, { once: true })
    return {
      output,
      write: async (data) => this.input.push(data),
      endInput: () => this.input.finish(),
      resize: async (size) => void this.sizes.push(size),
      close,
      exitCode: () => Promise.race([this.#ended, aborted(signal)]),
    }
  }

  /** The outside of a connection that it serves. */
  connect(signal: AbortSignal): PortConnection {
    const process = this.join(signal)
    const close = () => {
      this.input.finish()
      process.close()
    }
    return { ...process, output: dataOf(process.output), close }
  }
}

async function* dataOf(output: AsyncIterable<ProcessOutput>): AsyncGenerator<Uint8Array> {
  for await (const { data } of output) yield data
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

function queue<T>(): InputQueue<T> {
  return new InputQueue({ taken: () => {}, left: () => {} })
}
