import { readFile } from 'node:fs/promises'
import { isErrno, writeDurably } from '../../../shared/durable-file.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Random } from '../../../shared/random.ts'
import type { FabricState } from './fabric-state.ts'

export interface KeptStateOptions {
  path: string
  random: Random
  log: Logger
}

/** What the control plane said last of the network: a machine that starts while it is away has its network all the same. */
export class KeptState {
  readonly #options: KeptStateOptions
  #text = ''
  #writing: Promise<void> = Promise.resolve()

  constructor(options: KeptStateOptions) {
    this.#options = options
  }

  /** Undefined where there is none that can be read. */
  async load(): Promise<FabricState | undefined> {
    const { path, log } = this.#options
    try {
      this.#text = await readFile(path, 'utf8')
      return JSON.parse(this.#text) as FabricState
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) log.warn({ err: error, path }, 'no record of the network')
      return undefined
    }
  }

  /** Writes only what differs from what is kept. */
  save(state: FabricState): void {
    const { path, random, log } = this.#options
    const text = JSON.stringify(state)
    if (text === this.#text) return
    this.#text = text
    this.#writing = this.#writing
      .then(() => writeDurably(path, text, random))
      .catch((error: unknown) => log.warn({ err: error, path }, 'could not record the network'))
  }

  /** Resolves when all that was saved so far is on the disk. */
  written(): Promise<void> {
    return this.#writing
  }
}
