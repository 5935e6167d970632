import { Backoff } from '../../shared/backoff.ts'
import type { Clock } from '../../shared/clock.ts'
import { messageOf } from '../../shared/error-message.ts'
import { goDuration } from '../go-duration.ts'
import { type ImageState, type RegistryCredentials, type Runtime, RuntimeFailure } from '../runtime/runtime.ts'
import { parseImageReference, withDefaultTag } from './image-reference.ts'
import { isNoMatch, runsOn } from './platform.ts'
import { PullQueue } from './pull-queue.ts'
import type { PulledImages } from './pulled-images.ts'
import { UnfitImages } from './unfit-images.ts'

export interface ImageRequest {
  /** As the Pod's spec names it. */
  image: string
  policy: string | undefined
  /** Tried in turn; none: without log-in. */
  credentials: readonly RegistryCredentials[]
  event(type: 'Normal' | 'Warning', reason: string, message: string): void
}

/** When to ask again is on the monotonic clock. */
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
  | 'RegistryUnavailable'

export interface ImagePullerOptions {
  runtime: Pick<Runtime, 'inspectImage' | 'pullImage'>
  clock: Clock
  /** The machine's architecture; undefined while it is not known. */
  architecture?: () => string | undefined
  maxParallelPulls?: number
  /** Gets to know which images would not be here but for this agent. */
  pulled?: PulledImages
}

interface FailedPull {
  backoff: Backoff
  retryAtMs: number
  reason: ImageFailureReason
  message: string
}

const FIRST_BACKOFF_MS = 10_000
const MAX_BACKOFF_MS = 300_000
const FORGOTTEN_AFTER_MS = 2 * MAX_BACKOFF_MS
/** When to look again after a failure that has no backoff of its own; also how long ErrImagePull is shown. */
const LOOK_AGAIN_MS = 5_000

/** Brings images to the node, as each container's pull policy wants it. Speaks with the kubelet's reasons and events. */
export class ImagePuller {
  readonly #runtime: ImagePullerOptions['runtime']
  readonly #clock: Clock
  readonly #queue: PullQueue
  readonly #pulled: PulledImages | undefined
  /** By image and log-ins. */
  readonly #failed = new Map<string, FailedPull>()
  readonly #unfit: UnfitImages
  readonly #architecture: () => string | undefined

  constructor({ runtime, clock, architecture = () => undefined, maxParallelPulls = 3, pulled }: ImagePullerOptions) {
    this.#runtime = runtime
    this.#clock = clock
    this.#pulled = pulled
    this.#architecture = architecture
    this.#unfit = new UnfitImages(clock)
    this.#queue = new PullQueue(runtime, maxParallelPulls)
  }

  /** The images, as Pods name them, that were found to have nothing for this machine's architecture. */
  unfitImages(): string[] {
    return this.#unfit.names()
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
    const mismatch = present && this.#mismatch(image, present)
    const policy = request.policy ?? (reference.endsWith(':latest') ? 'Always' : 'IfNotPresent')
    if (present && !mismatch && policy !== 'Always') {
      this.#unfit.delete(image)
      this.#pulled?.used(present.id, this.#clock.now())
      event('Normal', 'Pulled', `Container image "${image}" already present on machine and can be accessed by the pod`)
      return { ok: true, image: present }
    }
    if (policy === 'Never') {
      const absent = `Container image "${image}" is not present with pull policy of Never`
      const message = mismatch ? `${absent}: ${mismatch}` : absent
      if (mismatch) this.#unfit.add(image)
      event('Warning', 'ErrImageNeverPull', message)
      return this.#refuse('ErrImageNeverPull', message)
    }
    const outcome = await this.#pull(reference, request, signal)
    if (outcome.ok) this.#remember(reference, outcome.image, present)
    return outcome
  }

  /** What was here before, and is not this agent's, stays somebody else's under that name. */
  #remember(reference: string, image: ImageState, before: ImageState | undefined): void {
    const isNew = !before || (before.id !== image.id && this.#pulled?.has(before.id))
    if (isNew) this.#pulled?.pulled(reference, image, this.#clock.now())
    else this.#pulled?.used(image.id, this.#clock.now())
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
    const attempt = attemptOf(reference, request)
    const failed = this.#failed.get(attempt)
    if (failed && this.#clock.monotonic() < failed.retryAtMs) {
      event('Normal', 'BackOff', `Back-off pulling image "${image}"`)
      const message = `Back-off pulling image "${image}": ${failed.reason}: ${failed.message}`
      return { ok: false, reason: 'ImagePullBackOff', message, retryAtMs: failed.retryAtMs }
    }
    event('Normal', 'Pulling', `Pulling image "${image}"`)
    const startedMs = this.#clock.monotonic()
    try {
      const pulled = await this.#pullWithLogins(reference, request.credentials, signal)
      const mismatch = this.#mismatch(image, pulled)
      if (mismatch) throw new RuntimeFailure('imagePull', mismatch)
      this.#unfit.delete(image)
      this.#failed.delete(attempt)
      const took = goDuration(this.#clock.monotonic() - startedMs)
      const size = `Image size: ${pulled.sizeBytes} bytes.`
      event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took} (${took} including waiting). ${size}`)
      return { ok: true, image: pulled }
    } catch (error) {
      signal.throwIfAborted()
      return this.#failedPull(attempt, request, error)
    }
  }

  /** Why an image that is here does not run on this machine. */
  #mismatch(image: string, { architecture }: ImageState): string | undefined {
    const machine = this.#architecture()
    if (runsOn(architecture, machine)) return undefined
    return `no match for platform in manifest: image "${image}" is for linux/${architecture}, this node is linux/${machine}`
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

  #failedPull(attempt: string, { image, event }: ImageRequest, error: unknown): ImageOutcome {
    const { reason, message } = this.#reasonOf(image, error)
    event('Warning', 'Failed', `Failed to pull image "${image}": ${message}`)
    if (isNoMatch(message)) this.#unfit.add(image)
    this.#forgetIdle()
    const known = this.#failed.get(attempt)
    // Several Pods that shared this pull fail together: the backoff grows once.
    const shared = known !== undefined && this.#clock.monotonic() < known.retryAtMs
    const backoff = known?.backoff ?? new Backoff({ initialMs: FIRST_BACKOFF_MS, maxMs: MAX_BACKOFF_MS })
    const retryAtMs = shared ? known.retryAtMs : this.#clock.monotonic() + backoff.next()
    this.#failed.set(attempt, { backoff, retryAtMs, reason, message })
    return this.#refuse(reason, message)
  }

  /** What nobody has asked for since begins anew, should somebody ask again. */
  #forgetIdle(): void {
    const sinceMs = this.#clock.monotonic() - FORGOTTEN_AFTER_MS
    for (const [attempt, { retryAtMs }] of this.#failed) if (retryAtMs < sinceMs) this.#failed.delete(attempt)
  }

  #reasonOf(image: string, error: unknown): { reason: ImageFailureReason; message: string } {
    const message = messageOf(error)
    const isAway = error instanceof RuntimeFailure && error.code === 'registryUnavailable'
    if (!isAway) return { reason: 'ErrImagePull', message }
    const why = `image pull failed for ${image} because the registry is unavailable: ${message}`
    return { reason: 'RegistryUnavailable', message: why }
  }

  #refuse(reason: ImageFailureReason, message: string): ImageOutcome {
    return { ok: false, reason, message, retryAtMs: this.#clock.monotonic() + LOOK_AGAIN_MS }
  }
}

/** Who has other log-ins does not wait for those who were turned away. */
function attemptOf(reference: string, { credentials }: ImageRequest): string {
  return JSON.stringify([reference, credentials])
}
