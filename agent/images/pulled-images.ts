import { readFile } from 'node:fs/promises'
import { writeDurably } from '../../shared/durable-file.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { ImageState } from '../runtime/runtime.ts'

/** An image that this agent brought to the machine. */
export interface PulledImage {
  reference: string
  id: string
  sizeBytes: number
  pulledAtMs: number
  usedAtMs: number
}

export interface PulledImagesOptions {
  /** Where the record is kept. */
  path: string
  random: Random
  log: Logger
}

/**
 * The agent's own record of the images that were not on the machine until it pulled them. Whatever is not in it is
 * somebody else's and is never removed: a lost record means more on the disk, and no harm.
 */
export class PulledImages {
  readonly #options: PulledImagesOptions
  readonly #images = new Map<string, PulledImage>()
  #writing: Promise<void> = Promise.resolve()

  constructor(options: PulledImagesOptions) {
    this.#options = options
  }

  /** What an earlier agent recorded. A record that cannot be read counts as none. */
  async load(): Promise<void> {
    const { path, log } = this.#options
    try {
      for (const image of JSON.parse(await readFile(path, 'utf8')) as PulledImage[]) this.#images.set(image.id, image)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        log.warn({ err: error, path }, 'no record of pulled images')
    }
  }

  /** The one that was not used for the longest first. */
  all(): PulledImage[] {
    return [...this.#images.values()].sort((a, b) => a.usedAtMs - b.usedAtMs)
  }

  has(id: string): boolean {
    return this.#images.has(id)
  }

  pulled(reference: string, { id, sizeBytes }: ImageState, nowMs: number): void {
    this.#images.set(id, { reference, id, sizeBytes, pulledAtMs: nowMs, usedAtMs: nowMs })
    this.#save()
  }

  /** Kept in memory alone: it is worth no write. */
  used(id: string, nowMs: number): void {
    const image = this.#images.get(id)
    if (image) image.usedAtMs = nowMs
  }

  forget(id: string): void {
    if (this.#images.delete(id)) this.#save()
  }

  /** Resolves when all that was recorded so far is on the disk. */
  written(): Promise<void> {
    return this.#writing
  }

  #save(): void {
    const { path, random, log } = this.#options
    this.#writing = this.#writing
      .then(() => writeDurably(path, JSON.stringify(this.all()), random))
      .catch((error: unknown) => log.warn({ err: error, path }, 'could not record pulled images'))
  }
}
