import { copyFileSync, openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import type { Clock, Timer } from '../shared/clock.ts'

const LIMIT_BYTES = 10 * 1024 * 1024
const LOOK_MS = 30_000

/**
 * The file that the output of a process goes to, for root alone. When it has grown large it begins anew, also while it is
 * written to, and what was in it stands in `PATH.1`: a process may run for years.
 */
export class ProcessLog {
  readonly path: string
  readonly #looking: Timer

  constructor(clock: Clock, path: string) {
    this.path = path
    writeFileSync(path, '', { flag: 'a', mode: 0o600 })
    this.#limit()
    this.#looking = clock.every(LOOK_MS, () => this.#limit())
  }

  /** A file descriptor for a process, which is the caller's to close. What is written goes to the end, wherever that is. */
  open(): number {
    return openSync(this.path, 'a')
  }

  lastLine(): string {
    return readFileSync(this.path, 'utf8').trimEnd().split('\n').at(-1) ?? ''
  }

  /** It is written to no more. */
  close(): void {
    this.#looking.cancel()
  }

  /** Others hold the file open, so it stays the same one. */
  #limit(): void {
    const size = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0
    if (size <= LIMIT_BYTES) return
    const before = `${this.path}.1`
    try {
      copyFileSync(this.path, before)
    } catch {
      // Where the disk is full, room matters more.
      rmSync(before, { force: true })
    }
    truncateSync(this.path)
  }
}
