import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { Backoff } from '../shared/backoff.ts'
import type { Clock, Timer } from '../shared/clock.ts'
import { ROOT } from './installation.ts'
import type { ProcessLog } from './process-log.ts'

const ENTRY = join(ROOT, 'bin', 'kubette.js')
/**
 * A smaller nursery costs a little speed and saves a quarter of the memory; and who does little is not left with all the
 * garbage of its first hour. The same stands in kubette.js and Dockerfile.
 */
const SMALL_HEAP = ['--max-semi-space-size=2', '--initial-old-space-size=10']
/** For glibc, which otherwise gives each of Node's threads a pool of its own; the same stands in Dockerfile. */
const SMALL_POOLS = { MALLOC_ARENA_MAX: '2' }
const STABLE_AFTER_MS = 30_000

/** A `kubette` command run as a child process, with its output in a file, and started again when it dies. */
export class SupervisedProcess {
  readonly #clock: Clock
  readonly #args: readonly string[]
  readonly #environment: Record<string, string>
  readonly #log: ProcessLog
  readonly #tell: (what: string) => void
  readonly #backoff = new Backoff({ initialMs: 500, maxMs: 10_000 })
  #child: ChildProcess | undefined
  #restart: Timer | undefined
  #stopping = false

  constructor(
    clock: Clock,
    options: {
      args: readonly string[]
      environment?: Record<string, string>
      /** Closed with it. */
      log: ProcessLog
      /** Told why the process is started again, such as `ended with SIGKILL: starting it again`. */
      tell: (what: string) => void
    },
  ) {
    this.#clock = clock
    this.#args = options.args
    this.#environment = options.environment ?? {}
    this.#log = options.log
    this.#tell = options.tell
  }

  /** Resolves when the process says that it is ready; rejects when it ends before that. Only then is it kept alive. */
  start(): Promise<void> {
    const child = this.#spawn()
    return new Promise((resolve, reject) => {
      whenGone(child, (why) => reject(new Error(why)))
      child.once('message', () => {
        this.#keepAlive(child)
        resolve()
      })
    })
  }

  /** Ends the process and waits for it. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#restart?.cancel()
    this.#log.close()
    const child = this.#child
    if (!child || isGone(child)) return
    const gone = new Promise<void>((resolve) => whenGone(child, () => resolve()))
    const impatience = this.#clock.after(10_000, () => child.kill('SIGKILL'))
    child.kill('SIGTERM')
    await gone
    impatience.cancel()
  }

  #spawn(): ChildProcess {
    const log = this.#log.open()
    this.#child = spawn(process.execPath, [...SMALL_HEAP, ENTRY, ...this.#args], {
      // The channel tells the child when its parent is gone.
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...SMALL_POOLS, ...process.env, ...this.#environment },
      // A Ctrl-C reaches the parent alone, which then stops its children in order.
      detached: true,
    })
    closeSync(log)
    return this.#child
  }

  #keepAlive(child: ChildProcess): void {
    const startedAt = this.#clock.monotonic()
    whenGone(child, (why) => {
      if (this.#clock.monotonic() - startedAt > STABLE_AFTER_MS) this.#backoff.reset()
      this.#startAgain(why)
    })
  }

  #startAgain(why: string): void {
    if (this.#stopping) return
    this.#tell(`${why}: starting it again`)
    this.#restart = this.#clock.after(this.#backoff.next(), () => {
      try {
        this.#keepAlive(this.#spawn())
      } catch (error) {
        // Such as for want of file descriptors.
        this.#startAgain(`cannot have its log: ${(error as Error).message}`)
      }
    })
  }
}

/** Also where it could not even be started. */
function whenGone(child: ChildProcess, then: (why: string) => void): void {
  child.once('exit', (code, signal) => then(`ended with ${signal ?? `code ${code}`}`))
  child.on('error', (error) => {
    if (child.pid === undefined) then(`cannot be started: ${error.message}`)
  })
}

function isGone({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null
}
