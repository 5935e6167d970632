import type { Clock, Timer } from '../../shared/clock.ts'
import { messageOf } from '../../shared/error-message.ts'
import type { Logger } from '../../shared/log.ts'
import type { EventReport } from '../../shared/protocol/frames.ts'
import type { Observation } from '../eviction/eviction-threshold.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { PulledImages } from './pulled-images.ts'

/** In percent of the disk that are in use. */
export interface ImageCollection {
  /** From here on images are removed ... */
  highPercent: number
  /** ... until no more than this is in use. */
  lowPercent: number
}

/** The kubelet's. */
export const DEFAULT_IMAGE_COLLECTION: ImageCollection = { highPercent: 85, lowPercent: 80 }

export interface ImageCollectorOptions {
  runtime: Pick<Runtime, 'removeImage'>
  pulled: PulledImages
  limits: ImageCollection
  /** The disk, as it was seen last. */
  disk(): Observation | undefined
  event(event: EventReport): void
  clock: Clock
  log: Logger
}

/** As often as the kubelet looks. */
const PERIOD_MS = 300_000
/** An image that was pulled just now is about to be used. */
const MIN_AGE_MS = 120_000

/** Removes images that this agent pulled and nothing uses, the longest unused first, where the disk fills up. */
export class ImageCollector {
  readonly #options: ImageCollectorOptions
  #timer: Timer | undefined
  #hasFailed = false

  constructor(options: ImageCollectorOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = this.#options.clock.every(PERIOD_MS, () => void this.collect())
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** Where more is in use than may be: until it is less. Tells once that this cannot be reached, as the kubelet does. */
  async collect(): Promise<void> {
    const { disk, limits, event } = this.#options
    const seen = disk()
    if (!seen || (seen.available / seen.capacity) * 100 > 100 - limits.highPercent) {
      this.#hasFailed = false
      return
    }
    const toFree = Math.ceil((seen.capacity * (100 - limits.lowPercent)) / 100) - seen.available
    const freed = await this.free(toFree)
    if (freed < toFree && !this.#hasFailed) {
      const amounts = `Attempted to free ${toFree} bytes, but only found ${freed} bytes eligible to free.`
      const message = `Failed to garbage collect required amount of images. ${amounts}`
      event({ type: 'Warning', reason: 'FreeDiskSpaceFailed', message })
    }
    this.#hasFailed = freed < toFree
  }

  /** Removes until so much is free; all that nothing uses unless told. Resolves with the bytes that were freed. */
  async free(bytes = Number.POSITIVE_INFINITY): Promise<number> {
    const { pulled, clock } = this.#options
    const oldEnough = pulled.all().filter(({ pulledAtMs }) => clock.now() - pulledAtMs >= MIN_AGE_MS)
    let freed = 0
    for (const image of oldEnough) {
      if (freed >= bytes) break
      if (await this.#remove(image.reference, image.id)) freed += image.sizeBytes
    }
    return freed
  }

  async #remove(reference: string, id: string): Promise<boolean> {
    const { runtime, pulled, event, log } = this.#options
    try {
      const outcome = await runtime.removeImage(reference, id)
      if (outcome !== 'inUse') pulled.forget(id)
      if (outcome === 'removed') log.info({ image: reference, id }, 'removed an image that nothing uses')
      return outcome === 'removed'
    } catch (error) {
      event({
        type: 'Warning',
        reason: 'ImageGCFailed',
        message: messageOf(error),
      })
      return false
    }
  }
}
