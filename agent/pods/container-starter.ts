import type { Container } from '../../shared/api/generated/core-v1.ts'
import type { Secret } from '../../shared/api/kinds.ts'
import type { Clock } from '../../shared/clock.ts'
import { messageOf } from '../../shared/error-message.ts'
import type { DeviceAllocator } from '../devices/device-allocator.ts'
import type { ImageOutcome, ImagePuller } from '../images/image-puller.ts'
import { pullCredentials } from '../images/pull-credentials.ts'
import { type Runtime, RuntimeFailure, type SandboxState } from '../runtime/runtime.ts'
import { isEphemeralContainer } from './ephemeral-containers.ts'
import type { StartContainer } from './plan.ts'
import type { PodEvents } from './pod-events.ts'
import type { StartFailure } from './pod-memory.ts'
import { ContainerConfigError } from './spec/container-config-error.ts'
import { type ContainerSources, containerSpec } from './spec/container-spec.ts'

export interface ContainerStarterOptions {
  runtime: Runtime
  devices: DeviceAllocator
  images: ImagePuller
  clock: Clock
  events: PodEvents
  /** What the Pod's containers have to wait for, because another Pod has it still. */
  heldResource(): string | undefined
  /** An image that was waited for is here, or is known not to come. */
  onImage(): void
}

export type StartResult =
  | { outcome: 'started' }
  /** Its image is on its way. */
  | { outcome: 'waiting' }
  | { outcome: 'failed'; failure: StartFailure }
  /** It could not have the volumes that the sandbox has. */
  | { outcome: 'sandboxUnfit' }

/** How long the kubelet waits on the average before it tries again. */
const RETRY_MS = 10_000

/** Of a container that may have been given another image since. */
interface AskedImage {
  readonly name: string | undefined
  outcome?: ImageOutcome
}

/** Takes containers of one Pod from spec to running: image, configuration, create, start. Never waits for a pull. */
export class ContainerStarter {
  readonly #options: ContainerStarterOptions
  readonly #images = new Map<string, AskedImage>()
  readonly #giveUp = new AbortController()

  constructor(options: ContainerStarterOptions) {
    this.#options = options
  }

  /** Asks for the images of containers that are to start soon, so that they are here by then. */
  expect(containers: readonly Container[], sources: ContainerSources): void {
    for (const container of containers) if (!this.#asked(container)) this.#askForImage(container, sources)
  }

  async start(action: StartContainer, sandbox: SandboxState, sources: ContainerSources): Promise<StartResult> {
    const image = this.#takeImage(action.container, sources)
    if (!image) return { outcome: 'waiting' }
    if (!image.ok) {
      this.#event(action.container, `Error: ${image.reason}`)
      return { outcome: 'failed', failure: image }
    }
    try {
      return await this.#run(action, image, sandbox, sources)
    } catch (error) {
      const failure = this.#failureOf(error, action.container, sources)
      if (!failure) return { outcome: 'sandboxUnfit' }
      return { outcome: 'failed', failure: { ...failure, retryAtMs: this.#options.clock.monotonic() + RETRY_MS } }
    }
  }

  /** Undefined where another sandbox would help. Nobody's look at a Pod costs it its sandbox. */
  #failureOf(
    error: unknown,
    container: Container,
    { pod }: ContainerSources,
  ): Omit<StartFailure, 'retryAtMs'> | undefined {
    if (error instanceof StepFailed) return error.failure
    if (!isVolumesLost(error)) throw error
    if (!isEphemeralContainer(pod, container)) return undefined
    this.#event(container, `Error: ${error.message}`)
    return { reason: 'CreateContainerConfigError', message: error.message }
  }

  /** The Pod ends: no image is waited for any more. */
  stop(): void {
    this.#giveUp.abort(new Error('the Pod ends'))
  }

  async #run(
    action: StartContainer,
    { image }: ImageOutcome & { ok: true },
    sandbox: SandboxState,
    sources: ContainerSources,
  ): Promise<StartResult> {
    const { runtime, devices, events, heldResource } = this.#options
    const { container } = action
    const spec = await this.#step(container, 'CreateContainerConfigError', async () => {
      const held = heldResource()
      if (held !== undefined) throw new ContainerConfigError(held)
      const plain = containerSpec(action, sandbox.id, image, sources)
      const { devices: given, annotations } = await devices.take(sources.pod, container)
      return { ...plain, devices: given, annotations: { ...plain.annotations, ...annotations } }
    })
    const id = await this.#step(container, 'CreateContainerError', () => runtime.createContainer(spec))
    events.container(container, 'Normal', 'Created', 'Container created')
    await this.#step(container, 'RunContainerError', () => runtime.startContainer(id))
    events.container(container, 'Normal', 'Started', 'Container started')
    return { outcome: 'started' }
  }

  async #step<T>(container: Container, reason: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      if (isVolumesLost(error)) throw error
      const message = messageOf(error)
      this.#event(container, `Error: ${message}`)
      const isMount = error instanceof RuntimeFailure && error.code === 'mount'
      throw new StepFailed({ reason: isMount ? 'CreateContainerConfigError' : reason, message })
    }
  }

  /** The outcome once it is known, and only once: the next start asks anew, as `Always` wants it. */
  #takeImage(container: Container, sources: ContainerSources): ImageOutcome | undefined {
    const asked = this.#asked(container)
    if (asked?.outcome) this.#images.delete(container.name)
    if (!asked) this.#askForImage(container, sources)
    return asked?.outcome
  }

  #asked({ name, image }: Container): AskedImage | undefined {
    const asked = this.#images.get(name)
    return asked?.name === image ? asked : undefined
  }

  #askForImage(container: Container, sources: ContainerSources): void {
    const { images, events, onImage } = this.#options
    const asked: AskedImage = { name: container.image }
    this.#images.set(container.name, asked)
    const { found, missing } = pullSecrets(sources)
    if (missing.length > 0) {
      const why = `Unable to retrieve some image pull secrets (${missing.join(', ')})`
      events.pod('Warning', 'FailedToRetrieveImagePullSecret', `${why}; attempting to pull the image may not succeed.`)
    }
    const request = {
      image: container.image ?? '',
      policy: container.imagePullPolicy,
      credentials: pullCredentials(container.image ?? '', found),
      event: (type: 'Normal' | 'Warning', reason: string, message: string) =>
        events.container(container, type, reason, message),
    }
    images.ensure(request, this.#giveUp.signal).then(
      (outcome) => {
        asked.outcome = outcome
        onImage()
      },
      () => {
        if (this.#images.get(container.name) === asked) this.#images.delete(container.name)
      },
    )
  }

  #event(container: Container, message: string): void {
    this.#options.events.container(container, 'Warning', 'Failed', message)
  }
}

function isVolumesLost(error: unknown): error is RuntimeFailure {
  return error instanceof RuntimeFailure && error.code === 'volumesLost'
}

class StepFailed extends Error {
  readonly failure: { reason: string; message: string }

  constructor(failure: { reason: string; message: string }) {
    super(failure.message)
    this.failure = failure
  }
}

function pullSecrets({ pod, secret }: ContainerSources): { found: Secret[]; missing: string[] } {
  const names = (pod.spec?.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []))
  return {
    found: names.flatMap((name) => secret(name) ?? []),
    missing: names.filter((name) => secret(name) === undefined),
  }
}
