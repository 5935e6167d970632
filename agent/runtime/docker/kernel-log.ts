import { constants, openSync, readSync } from 'node:fs'

/** The kernel gives one record at a time, and none that is longer. */
const MOST_RECORD_BYTES = 8192

/** The log of the machine's kernel, as far as this process may read it. */
export class KernelLog {
  readonly #path: string
  readonly #record = Buffer.alloc(MOST_RECORD_BYTES)
  #fd: number | undefined

  constructor(path = '/dev/kmsg') {
    this.#path = path
  }

  /**
   * The lines that came since the last call; at first all that the kernel still has. None in a container or without the
   * right to read them. Reads memory, so it does not wait.
   */
  news(): string[] {
    const lines: string[] = []
    try {
      this.#fd ??= openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK)
      for (;;) {
        const record = this.#next(this.#fd)
        if (record === '') break
        lines.push(...record.split('\n'))
      }
    } catch {
      // EAGAIN is its end; without the right to open it there is none.
    }
    return lines
  }

  #next(fd: number): string {
    for (;;) {
      try {
        return this.#record.toString('utf8', 0, readSync(fd, this.#record, 0, MOST_RECORD_BYTES, null))
      } catch (error) {
        // The next one was overwritten before it was read; the kernel goes on with the oldest that it has.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
      }
    }
  }
}
