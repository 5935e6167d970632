import {
  type ImageState,
  type PodGlance,
  type PodIdentity,
  type Runtime,
  RuntimeFailure,
  type RuntimeInfo,
  type RuntimeListing,
} from '../../agent/runtime/runtime.ts'
import { sleep } from '../../shared/clock.ts'
import { FakeContainers } from './fake-containers.ts'
import { FAKE_INFO, type FakeProgram } from './fake-program.ts'
import { glanceOf } from './glance-of.ts'
import { ScriptedTroubles } from './scripted-troubles.ts'

export type { FakeProgram }

/** The calls that can be told to fail or hang. */
export type FakeCall = Exclude<keyof Runtime, 'events' | 'logs' | 'networkEvents' | 'hasEnded'>

/** A container runtime in memory, on the injected clock: deterministic, and as obedient or broken as a test wants. */
export class FakeRuntime extends FakeContainers implements Runtime {
  /** Every call so far, such as `createContainer web`. */
  readonly calls: string[] = []
  /** Why an image cannot be pulled, by reference. An image without an entry can. */
  readonly pullErrors = new Map<string, string>()
  readonly #troubles = new ScriptedTroubles<FakeCall>()
  #down = false

  /** The next `times` calls fail so. */
  failNext(call: FakeCall, error = new RuntimeFailure('failed', `${call} failed`), times = 1): void {
    this.#troubles.fail(call, error, times)
  }

  /** The next call never answers. */
  hangNext(call: FakeCall, times = 1): void {
    this.#troubles.hang(call, times)
  }

  /** While down every call fails, and event streams end; what runs runs on. */
  setDown(down: boolean): void {
    this.#down = down
    if (down) this.changes.end()
  }

  /** Event streams end, as when the connection breaks; what happens meanwhile is told to nobody. */
  loseEvents(): void {
    this.changes.end()
  }

  /** The machine loses power: everything stops. */
  powerCut(): void {
    for (const container of this.containers.values()) container.exit({ exitCode: 137 }, false)
    for (const id of [...this.sandboxes.keys()]) this.endSandbox(id)
    this.changes.end()
  }

  async version(): Promise<RuntimeInfo> {
    await this.enter('version', '')
    return { ...FAKE_INFO, runningContainers: this.running().length + this.others.length }
  }

  async glance(): Promise<Map<string, PodGlance>> {
    await this.enter('glance', '')
    return glanceOf(this.sandboxes.values(), this.containers.values())
  }

  async list(podUid?: string): Promise<RuntimeListing> {
    await this.enter('list', podUid ?? '')
    const ofPod = (entry: { pod: PodIdentity }) => podUid === undefined || entry.pod.uid === podUid
    return structuredClone({
      sandboxes: [...this.sandboxes.values()].filter(ofPod),
      containers: [...this.containers.values()].map(({ state }) => state).filter(ofPod),
      volumes: this.volumes.list().filter(ofPod),
    })
  }

  async removeImage(reference: string, id: string): Promise<'removed' | 'inUse' | 'other'> {
    await this.enter('removeImage', reference)
    return this.images.remove(reference, id, [...this.containers.values()])
  }

  async pullImage(reference: string, signal: AbortSignal): Promise<ImageState> {
    await this.enter('pullImage', reference)
    if (this.options.pullMs) await sleep(this.clock, this.options.pullMs, signal)
    const error = this.pullErrors.get(reference)
    if (error !== undefined) throw new RuntimeFailure('imagePull', error)
    return this.addImage(reference)
  }

  /** Makes the image be there already. */
  addImage(reference: string): ImageState {
    return this.images.add(reference)
  }

  events(signal: AbortSignal): AsyncIterable<{ podUid: string }> {
    return this.#down ? noEvents() : this.changes.subscribe(signal)
  }

  protected async enter(call: FakeCall, detail: string): Promise<void> {
    this.calls.push(detail === '' ? call : `${call} ${detail}`)
    await Promise.resolve()
    if (this.#down) throw new RuntimeFailure('unavailable', 'the runtime is down')
    await this.#troubles.strike(call)
  }
}

/** As with a connection, one learns only by listening that there is none. */
function noEvents(): AsyncIterable<never> {
  const next = () => Promise.reject(new RuntimeFailure('unavailable', 'the runtime is down'))
  return { [Symbol.asyncIterator]: () => ({ next }) }
}
