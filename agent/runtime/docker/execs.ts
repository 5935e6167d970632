import { type Clock, sleep } from '../../../shared/clock.ts'
import { goDuration } from '../../go-duration.ts'
import { type ExecProcess, type ExecResult, type ProcessStreams, RuntimeFailure } from '../runtime.ts'
import type { DockerApi } from './docker-api.ts'
import { dockerFailure, isFailure } from './docker-failure.ts'
import { collectOutput } from './log-demultiplexer.ts'
import { processStreams } from './process-streams.ts'

const MAX_OUTPUT_BYTES = 10 * 1024
const POLL_MS = 20
const TIMEOUT_MS = 120_000

/** By default a terminal would swallow ctrl-p, which begins Docker's way to detach. This begins with a key that nobody uses. */
export const DETACH_KEYS = 'ctrl-^,ctrl-_,ctrl-^,ctrl-_,ctrl-^'

interface ExecInspect {
  Running: boolean
  ProcessConfig: { entrypoint: string; arguments: string[] | null }
}

/** Commands in containers. Docker cannot end one: it can only be let go of. */
export class Execs {
  readonly #docker: DockerApi
  readonly #clock: Clock

  constructor(docker: DockerApi, clock: Clock) {
    this.#docker = docker
    this.#clock = clock
  }

  /** Waits for its end, and for no longer than `timeoutMs`. It runs in the container's working directory or in `directory`. */
  async run(id: string, command: string[], timeoutMs: number, directory?: string): Promise<ExecResult> {
    const giveUp = new AbortController()
    const timedOut = new RuntimeFailure('timeout', `command did not end in ${goDuration(timeoutMs)}`)
    const timer = this.#clock.after(timeoutMs, () => giveUp.abort(timedOut))
    try {
      return await this.#run(id, { Cmd: command, WorkingDir: directory }, timeoutMs, giveUp.signal)
    } catch (error) {
      giveUp.signal.throwIfAborted()
      throw dockerFailure(error)
    } finally {
      timer.cancel()
      giveUp.abort()
    }
  }

  async open(id: string, command: string[], streams: ProcessStreams, signal: AbortSignal): Promise<ExecProcess> {
    const { stdin, stdout, stderr, tty } = streams
    const attached = { AttachStdin: stdin, AttachStdout: stdout, AttachStderr: stderr && !tty }
    const execId = await this.#create(id, { ...attached, Tty: tty, DetachKeys: DETACH_KEYS, Cmd: command }, TIMEOUT_MS)
    const body = { Detach: false, Tty: tty }
    const connection = await this.#docker.hijack({ method: 'POST', path: `/exec/${execId}/start`, body }, signal)
    const resize = async ({ width, height }: { width: number; height: number }) => {
      await this.#docker.json({ method: 'POST', path: `/exec/${execId}/resize`, query: { w: width, h: height } })
    }
    const process = processStreams({ output: connection, ...(stdin ? { input: connection } : {}), tty, resize })
    return { ...process, exitCode: () => this.#exitCodeOf(execId, signal) }
  }

  /** Docker shows with a container what was run in it until that has ended. */
  async isRunning(id: string, command: string[]): Promise<boolean> {
    const container = await this.#inspect<{ ExecIDs: string[] | null }>(`/containers/${id}`)
    const ids = container?.ExecIDs ?? []
    const execs = await Promise.all(ids.map((execId) => this.#inspect<ExecInspect>(`/exec/${execId}`)))
    return execs.some((exec) => exec?.Running && commandOf(exec).join('\0') === command.join('\0'))
  }

  /** Undefined for what is gone. */
  async #inspect<T>(path: string): Promise<T | undefined> {
    try {
      return await this.#docker.json<T>({ method: 'GET', path: `${path}/json` })
    } catch (error) {
      if (isFailure(error, 'notFound')) return undefined
      throw error
    }
  }

  async #run(id: string, command: object, timeoutMs: number, signal: AbortSignal): Promise<ExecResult> {
    const execId = await this.#create(id, { AttachStdout: true, AttachStderr: true, ...command }, timeoutMs)
    const body = { Detach: false, Tty: false }
    const start = { method: 'POST', path: `/exec/${execId}/start`, body, timeoutMs } as const
    const output = await collectOutput(await this.#docker.stream(start, signal), MAX_OUTPUT_BYTES)
    return { exitCode: await this.#exitCodeOf(execId, signal), output }
  }

  async #create(id: string, body: object, timeoutMs: number): Promise<string> {
    const call = { method: 'POST', path: `/containers/${id}/exec`, body, timeoutMs } as const
    return (await this.#docker.json<{ Id: string }>(call)).Id
  }

  /** The output may end a moment before Docker knows the exit code. */
  async #exitCodeOf(execId: string, signal: AbortSignal): Promise<number> {
    for (;;) {
      const call = { method: 'GET', path: `/exec/${execId}/json` } as const
      const { Running, ExitCode } = await this.#docker.json<{ Running: boolean; ExitCode: number | null }>(call)
      if (!Running && ExitCode !== null) return ExitCode
      await sleep(this.#clock, POLL_MS, signal)
    }
  }
}

function commandOf({ ProcessConfig }: ExecInspect): string[] {
  return [ProcessConfig.entrypoint, ...(ProcessConfig.arguments ?? [])]
}
