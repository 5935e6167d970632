import {
  type ContainerProcess,
  type ExecProcess,
  type ExecResult,
  type PortConnection,
  type ProcessStreams,
  RuntimeFailure,
} from '../../agent/runtime/runtime.ts'
import { type Clock, sleep } from '../../shared/clock.ts'
import type { FakeContainer } from './fake-container.ts'
import { FakeProcess } from './fake-process.ts'
import { FakeStorage } from './fake-storage.ts'

/** The part of a fake runtime that is about processes in containers, and connections to them. */
export abstract class FakeProcesses extends FakeStorage {
  /** Commands that hang. */
  readonly executing = new Set<string>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    super()
    this.#clock = clock
  }

  /** Throws where it does not run. */
  protected abstract runningContainer(id: string): FakeContainer
  protected abstract isRunning(id: string): boolean
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
