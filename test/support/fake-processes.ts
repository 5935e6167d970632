import {
  type ContainerProcess,
  type ExecProcess,
  type ExecResult,
  type PortConnection,
  type ProcessStreams,
  RuntimeFailure,
} from '../../agent/runtime/runtime.ts'
import type { SocketRelay } from '../../agent/runtime/socket-relay.ts'
import { type Clock, sleep } from '../../shared/clock.ts'
import { FakeProcess } from './fake-process.ts'
import type { FakeContainer } from './fake-program.ts'
import { FakeSocketRelay } from './fake-sockets.ts'
import { FakeStorage } from './fake-storage.ts'

/** The part of a fake runtime that is about processes in containers, and connections to them. */
export abstract class FakeProcesses extends FakeStorage {
  /** Commands that hang. */
  readonly executing = new Set<string>()
  readonly #clock: Clock
  readonly #relays = new Map<string, FakeSocketRelay>()

  constructor(clock: Clock) {
    super()
    this.#clock = clock
  }

  /** Throws where it does not run. */
  protected abstract runningContainer(id: string): FakeContainer
  protected abstract isRunning(id: string): boolean
  protected abstract addressOf(sandboxId: string): string | undefined
  protected abstract containersIn(sandboxId: string): FakeContainer[]

  async exec(id: string, command: string[], timeoutMs: number): Promise<ExecResult> {
    await this.enter('exec', command.join(' '))
    const result = this.runningContainer(id).program.exec?.(command)
    if (result) return result
    this.executing.add(command.join(' '))
    await sleep(this.#clock, timeoutMs)
    throw new RuntimeFailure('timeout', `command timed out after ${timeoutMs} ms`)
  }

  async isExecuting(id: string, command: string[]): Promise<boolean> {
    await this.enter('isExecuting', command.join(' '))
    return this.isRunning(id) && this.executing.has(command.join(' '))
  }

  async openExec(id: string, command: string[], _: ProcessStreams, signal: AbortSignal): Promise<ExecProcess> {
    await this.enter('openExec', command.join(' '))
    const container = this.runningContainer(id)
    const process = new FakeProcess()
    container.program.talk?.(process, command)
    return process.join(signal)
  }

  async attach(id: string, _: ProcessStreams, signal: AbortSignal): Promise<ContainerProcess> {
    await this.enter('attach', id)
    const container = this.runningContainer(id)
    container.process ??= new FakeProcess()
    const { exitCode: _exitCode, ...process } = container.process.join(signal)
    return process
  }

  /** The newest who opens a sandbox's sockets is the only one. */
  async openSockets(sandboxId: string, signal: AbortSignal): Promise<SocketRelay> {
    await this.enter('openSockets', sandboxId)
    if (!this.podOfRunning(sandboxId)) throw new RuntimeFailure('notFound', `No such sandbox runs: ${sandboxId}`)
    if (!this.addressOf(sandboxId)) throw new RuntimeFailure('invalid', 'this sandbox has no network of its own')
    this.closeSockets(sandboxId)
    const relay = new FakeSocketRelay()
    this.#relays.set(sandboxId, relay)
    signal.addEventListener('abort', () => relay.close(), { once: true })
    if (signal.aborted) relay.close()
    return relay
  }

  /** The sandbox has ended. */
  protected closeSockets(sandboxId: string): void {
    this.#relays.get(sandboxId)?.close()
    this.#relays.delete(sandboxId)
  }

  async connect(sandboxId: string, port: number, signal: AbortSignal): Promise<PortConnection> {
    await this.enter('connect', String(port))
    const listener = this.containersIn(sandboxId)
      .map(({ program }) => program.listen)
      .find((listen) => listen?.port === port)
    if (!listener) throw new RuntimeFailure('failed', 'connection refused')
    const connection = new FakeProcess()
    listener.serve(connection)
    return connection.connect(signal)
  }
}
