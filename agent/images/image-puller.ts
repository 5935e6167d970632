import { Backoff } from '../../shared/backoff.ts'
import type { Clock } from '../../shared/clock.ts'
import { goDuration } from '../go-duration.ts'
import type { ImageState, RegistryCredentials, Runtime } from '../runtime/runtime.ts'
import { parseImageReference, withDefaultTag } from './image-reference.ts'
import { PullQueue } from './pull-queue.ts'

export interface ImageRequest {
  /** As the Pod's spec names it. */
  image: string
  policy: string | undefined
  /** Tried in turn; none: without log-in. */
  credentials: readonly RegistryCredentials[]
  event(type: 'Normal' | 'Warning', reason: string, message: string): void
}

export type ImageOutcome =
  | { ok: true; image: ImageState }
  | { ok: false; reason: ImageFailureReason; message: string; retryAtMs: number }

/** Kubernetes' waiting reasons of a container without its image. */
export type ImageFailureReason =
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'ErrImageNeverPull'
  | 'InvalidImageName'
  | 'ImageInspectError'

export interface ImagePullerOptions {
  runtime: Pick<Runtime, 'inspectImage' | 'pullImage'>
  clock: Clock
  maxParallelPulls?: number
}

interface FailedPull {
  backoff: Backoff
  retryAtMs: number
  message: string
}

const FIRST_BACKOFF_MS = 10_000
const MAX_BACKOFF_MS = 300_000
/** When to look again after a failure that has no backoff of its own; also how long ErrImagePull is shown. */
const LOOK_AGAIN_MS = 5_000

/** Brings images to the node, as each container's pull policy wants it. Speaks with the kubelet's reasons and events. */
export class ImagePuller {
  readonly #runtime: ImagePullerOptions['runtime']
  readonly #clock: Clock
  readonly #queue: PullQueue
  readonly #failed = new Map<string, FailedPull>()

  constructor({ runtime, clock, maxParallelPulls = 3 }: ImagePullerOptions) {
    this.#runtime = runtime
    this.#clock = clock
    this.#queue = new PullQueue(runtime, maxParallelPulls)
  }

  /** Refusals are values; rejects only when `signal` aborts. */
  async ensure(request: ImageRequest, signal: AbortSignal): Promise<ImageOutcome> {
    const { image, event } = request
    if (!parseImageReference(image) && !/^sha256:[0-9a-f]{64}$/.test(image)) {
      const message = `couldn't parse image name "${image}": invalid reference format`
      event('Warning', 'InspectFailed', `Failed to apply default image tag "${image}": ${message}`)
      return this.#refuse('InvalidImageName', `Failed to apply default image tag "${image}": ${message}`)
    }
    const reference = withDefaultTag(image)
    const present = await this.#present(reference, request)
    if (present && 'ok' in present) return present
    const policy = request.policy ?? (reference.endsWith(':latest') ? 'Always' : 'IfNotPresent')
    if (present && policy !== 'Always') {
      event('Normal', 'Pulled', `Container image "${image}" already present on machine and can be accessed by the pod`)
      return { ok: true, image: present }
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`
      event('Warning', 'ErrImageNeverPull', message)
      return this.#refuse('ErrImageNeverPull', message)
    }
    return this.#pull(reference, request, signal)
  }

  async #present(reference: string, { image, event }: ImageRequest): Promise<ImageState | ImageOutcome | undefined> {
    try {
      return await this.#runtime.inspectImage(reference)
    } catch (error) {
      const message = `Failed to inspect image "${image}": ${messageOf(error)}`
      event('Warning', 'InspectFailed', message)
      return this.#refuse('ImageInspectError', message)
    }
  }

  async #pull(reference: string, request: ImageRequest, signal: AbortSignal): Promise<ImageOutcome> {
    const { image, event } = request
    const failed = this.#failed.get(reference)
    if (failed && this.#clock.now() < failed.retryAtMs) {
      event('Normal', 'BackOff', `Back-off pulling image "${image}"`)
      const message = `Back-off pulling image "${image}": ErrImagePull: ${failed.message}`
      return { ok: false, reason: 'ImagePullBackOff', message, retryAtMs: failed.retryAtMs }
    }
    event('Normal', 'Pulling', `Pulling image "${image}"`)
    const startedMs = this.#clock.monotonic()
    try {
      const pulled = await this.#pullWithLogins(reference, request.credentials, signal)
      this.#failed.delete(reference)
      const took = goDuration(this.#clock.monotonic() - startedMs)
      const size = `Image size: ${pulled.sizeBytes} bytes.`
      event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took} (${took} including waiting). ${size}`)
      return { ok: true, image: pulled }
    } catch (error) {
      signal.throwIfAborted()
      return this.#failedPull(reference, request, messageOf(error))
    }
  }

  async #pullWithLogins(
    reference: string,
    credentials: readonly RegistryCredentials[],
    signal: AbortSignal,
  ): Promise<ImageState> {
    let failure: unknown
    for (const login of credentials.length > 0 ? credentials : [undefined]) {
      try {
        return await this.#queue.pull(reference, signal, login)
      } catch (error) {
        signal.throwIfAborted()
        failure = error
      }
    }
    throw failure
  }

  #failedPull(reference: string, { image, event }: ImageRequest, message: string): ImageOutcome {
    event('Warning', 'Failed', `Failed to pull image "${image}": ${message}`)
    const known = this.#failed.get(reference)
    const idle = known !== undefined && this.#clock.now() - known.retryAtMs > 2 * MAX_BACKOFF_MS
    // Several Pods that shared this pull fail together: the backoff grows once.
    const shared = known !== undefined && this.#clock.now() < known.retryAtMs
    const backoff = known && !idle ? known.backoff : new Backoff({ initialMs: FIRST_BACKOFF_MS, maxMs: MAX_BACKOFF_MS })
    if (!shared) this.#failed.set(reference, { backoff, retryAtMs: this.#clock.now() + backoff.next(), message })
    return this.#refuse('ErrImagePull', message)
  }

  #refuse(reason: ImageFailureReason, message: string): ImageOutcome {
    return { ok: false, reason, message, retryAtMs: this.#clock.now() + LOOK_AGAIN_MS }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
