import {
  type ContainerSpec,
  type ContainerState,
  type PodIdentity,
  RuntimeFailure,
} from '../../agent/runtime/runtime.ts'
import { type Clock, microTimestamp, type Timer } from '../../shared/clock.ts'
import type { LogLine } from './fake-log.ts'
import { FakeProcess } from './fake-process.ts'
import type { FakeProgram } from './fake-program.ts'

export interface FakeContainerOptions {
  spec: ContainerSpec
  /** Not started yet. */
  state: ContainerState
  program: FakeProgram
  clock: Clock
  /** It is not as it was. */
  changed(pod: PodIdentity): void
}

/** A container of the fake runtime, from its start to its end: it does what its program says. */
export class FakeContainer {
  readonly spec: ContainerSpec
  readonly state: ContainerState
  readonly program: FakeProgram
  readonly log: LogLine[] = []
  process: FakeProcess | undefined
  readonly #clock: Clock
  readonly #changed: (pod: PodIdentity) => void
  #ownEnd: Timer | undefined

  constructor({ spec, state, program, clock, changed }: FakeContainerOptions) {
    this.spec = spec
    this.state = state
    this.program = program
    this.#clock = clock
    this.#changed = changed
  }

  get isRunning(): boolean {
    return this.state.state.phase === 'running'
  }

  start(): void {
    const { startError, output, talk, exitAfterMs, exitCode = 0, oomKilled = false } = this.program
    if (startError !== undefined) this.#failToStart(startError)
    this.state.state = { phase: 'running', startedAt: this.#time() }
    for (const line of output?.match(/[^\n]*\n/g) ?? []) this.write(line)
    if (talk) {
      this.process = new FakeProcess((exitCode) => this.exit({ exitCode }))
      talk(this.process)
    }
    if (exitAfterMs !== undefined) {
      this.#ownEnd = this.#clock.after(exitAfterMs, () => this.exit({ exitCode, oomKilled }))
    }
    this.#changed(this.state.pod)
  }

  /** One line of output, with its line feed. */
  write(text: string): void {
    this.log.push({ at: this.#clock.now(), text })
    this.#changed(this.state.pod)
  }

  /** As by TERM. */
  askToEnd(): void {
    const { onTerm = { afterMs: 0, exitCode: 0 } } = this.program
    if (onTerm === 'ignore') return
    this.#clock.after(onTerm.afterMs, () => this.exit({ exitCode: onTerm.exitCode }))
  }

  /** Where it runs. Without `tell` nobody hears of it. */
  exit({ exitCode, oomKilled = false }: { exitCode: number; oomKilled?: boolean }, tell = true): void {
    this.forget()
    const { state, pod } = this.state
    if (state.phase !== 'running') return
    const { startedAt } = state
    this.state.state = { phase: 'exited', startedAt, finishedAt: this.#time(), exitCode, oomKilled }
    this.process?.exit(exitCode)
    if (tell) this.#changed(pod)
  }

  /** Its program does nothing by itself any more. */
  forget(): void {
    this.#ownEnd?.cancel()
  }

  #failToStart(error: string): never {
    const times = { startedAt: this.state.createdAt, finishedAt: this.state.createdAt }
    this.state.state = { phase: 'exited', ...times, exitCode: 127, oomKilled: false, error }
    this.#changed(this.state.pod)
    throw new RuntimeFailure('failed', error)
  }

  #time(): string {
    return microTimestamp(this.#clock.now())
  }
}
