import type { Duplex } from 'node:stream'
import { type ContainerProcess, type ProcessStreams, RuntimeFailure } from '../runtime.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { DETACH_KEYS } from './execs.ts'
import type { OutputPart } from './output-frames.ts'
import { type HeldOutput, outputSplitter, processStreams } from './process-streams.ts'

/** What is kept for the first who attaches. Docker stalls a process whose output is not taken, so what is more ends the keeping. */
const MOST_HELD_BYTES = 64 * 1024

interface Held extends HeldOutput {
  connection: Duplex
  stop(): void
}

/**
 * Joins the streams of containers. One with `stdin` waits for somebody to talk to, who can only come after its start:
 * what it says until then is kept for the first who comes. Docker's log would not do, as it has no unfinished line,
 * such as a prompt. But newer kubectls read the log before they attach: what it had for them is not said again.
 */
export class Attachments {
  readonly #docker: DockerApi
  readonly #containers: Containers
  /** By id: whether with a terminal. */
  readonly #talkative = new Map<string, { tty: boolean }>()
  readonly #held = new Map<string, Held>()

  constructor(docker: DockerApi, containers: Containers) {
    this.#docker = docker
    this.#containers = containers
  }

  /** A container was created with `stdin`. */
  created(id: string, options: { tty: boolean }): void {
    this.#talkative.set(id, options)
  }

  /** Before the container is started. */
  async starting(id: string): Promise<void> {
    const options = this.#talkative.get(id)
    if (!this.#talkative.delete(id) || !options) return
    const { signal } = new AbortController()
    const connection = await this.#connect(id, { stdin: false, stdout: true, stderr: true }, signal)
    this.#hold(id, connection, options.tty)
  }

  /** The container is gone. */
  removed(id: string): void {
    this.#talkative.delete(id)
    this.#release(id)?.connection.destroy()
  }

  /** Somebody has read the container's log: all that it has said in whole lines. */
  logRead(id: string): void {
    const held = this.#held.get(id)
    if (!held) return
    const unfinished = (['stdout', 'stderr'] as const).map((from) => {
      const text = Buffer.concat(held.parts.filter((part) => part.from === from).map(({ data }) => data))
      return { from, data: text.subarray(text.lastIndexOf('\n') + 1) }
    })
    held.parts.splice(0, held.parts.length, ...unfinished.filter(({ data }) => data.length > 0))
  }

  async attach(id: string, streams: ProcessStreams, signal: AbortSignal): Promise<ContainerProcess> {
    const found = await this.#containers.inspect(id)
    if (!found?.State.Running) throw new RuntimeFailure('notFound', `No such container runs: ${id}`)
    const { stdin, tty } = streams
    const held = this.#release(id)
    const resize = async ({ width, height }: { width: number; height: number }) => {
      await this.#docker.json({ method: 'POST', path: `/containers/${id}/resize`, query: { w: width, h: height } })
    }
    if (!held) {
      const connection = await this.#connect(id, streams, signal)
      return processStreams({ output: connection, ...(stdin ? { input: connection } : {}), tty, resize })
    }
    const output = held.connection
    signal.addEventListener('abort', () => output.destroy(), { once: true })
    if (!stdin) return processStreams({ output, held, tty, resize })
    const input = await this.#connect(id, { stdin, stdout: false, stderr: false }, signal)
    // It gives nothing, but its end would not be seen if nobody read.
    input.resume()
    return processStreams({ output, held, input, tty, resize })
  }

  #hold(id: string, connection: Duplex, tty: boolean): void {
    const parts: OutputPart[] = []
    const split = outputSplitter(tty)
    let size = 0
    const keep = (chunk: Buffer) => {
      parts.push(...split(chunk))
      size += chunk.length
      if (size > MOST_HELD_BYTES) drop()
    }
    const drop = () => {
      this.#held.delete(id)
      connection.destroy()
    }
    connection.on('data', keep).once('end', drop).once('close', drop)
    const stop = () => {
      connection.off('data', keep).off('end', drop).off('close', drop).pause()
    }
    this.#held.set(id, { connection, parts, split, stop })
  }

  #release(id: string): Held | undefined {
    const held = this.#held.get(id)
    this.#held.delete(id)
    held?.stop()
    return held
  }

  #connect(id: string, { stdin, stdout, stderr }: Omit<ProcessStreams, 'tty'>, signal: AbortSignal): Promise<Duplex> {
    const query = { stream: true, stdin, stdout, stderr, detachKeys: DETACH_KEYS }
    return this.#docker.hijack({ method: 'POST', path: `/containers/${id}/attach`, query }, signal)
  }
}
