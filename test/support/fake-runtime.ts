import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import {
  type ContainerResources,
  type ContainerSpec,
  type ContainerState,
  type ContainerUsage,
  type DiskUsage,
  type ImageState,
  type LogOptions,
  type PodGlance,
  type PodIdentity,
  type Runtime,
  RuntimeFailure,
  type RuntimeInfo,
  type RuntimeListing,
  type SandboxSpec,
  type SandboxState,
} from '../../agent/runtime/runtime.ts'
import { refuseUnlinkable } from '../../agent/runtime/sandbox.ts'
import { type Clock, microTimestamp, sleep } from '../../shared/clock.ts'
import { Broadcast } from './broadcast.ts'
import { FakeContainer } from './fake-container.ts'
import { fakeLog } from './fake-log.ts'
import { FakeNetworks } from './fake-networks.ts'
import {
  diskUsageOf,
  FAKE_INFO,
  type FakeProgram,
  type FakeRuntimeOptions,
  fakeUser,
  lastWordsOf,
  usagesOf,
} from './fake-program.ts'
import { glanceOf } from './glance-of.ts'
import { ScriptedTroubles } from './scripted-troubles.ts'

export type { FakeProgram }

/** The calls that can be told to fail or hang. */
export type FakeCall = Exclude<keyof Runtime, 'events' | 'logs' | 'networkEvents' | 'hasEnded'>

/** A container runtime in memory, on the injected clock: deterministic, and as obedient or broken as a test wants. */
export class FakeRuntime extends FakeNetworks implements Runtime {
  /** Runs what an agent of its own could not see: kept by what stands for the machine. */
  readonly sandboxes = new Map<string, SandboxState>()
  readonly containers = new Map<string, FakeContainer>()
  /** Every call so far, such as `createContainer web`. */
  readonly calls: string[] = []
  /** Why an image cannot be pulled, by reference. An image without an entry can. */
  readonly pullErrors = new Map<string, string>()
  program: (spec: ContainerSpec) => FakeProgram
  readonly #options: FakeRuntimeOptions
  readonly #clock: Clock
  readonly #changes = new Broadcast<{ podUid: string }>()
  readonly #troubles = new ScriptedTroubles<FakeCall>()
  #ids = 0
  #addresses = 1
  #processes = 1_000
  #down = false

  constructor(options: FakeRuntimeOptions) {
    super(options.clock)
    this.#options = options
    this.#clock = options.clock
    this.program = options.program ?? (() => ({}))
  }

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
    if (down) this.#changes.end()
  }

  /** Event streams end, as when the connection breaks; what happens meanwhile is told to nobody. */
  loseEvents(): void {
    this.#changes.end()
  }

  /** The machine loses power: everything stops. */
  powerCut(): void {
    for (const container of this.containers.values()) container.exit({ exitCode: 137 }, false)
    for (const sandbox of this.sandboxes.values()) this.#patchSandbox(sandbox.id, { running: false, ip: undefined })
    this.#changes.end()
  }

  containerOf(podName: string, name: string): ContainerState | undefined {
    const found = [...this.containers.values()].filter(({ state }) => state.pod.name === podName && state.name === name)
    return found.sort((a, b) => b.state.restartCount - a.state.restartCount)[0]?.state
  }

  running(): ContainerState[] {
    return [...this.containers.values()].map(({ state }) => state).filter(({ state }) => state.phase === 'running')
  }

  /** The process ends, as if by itself. */
  exitContainer(id: string, end: { exitCode: number; oomKilled?: boolean }): void {
    this.#container(id).exit(end)
  }

  killSandboxProcess(id: string): void {
    this.#patchSandbox(id, { running: false, ip: undefined })
    this.#changed(this.sandboxes.get(id)?.pod)
  }

  /** One line of output, with its line feed. */
  write(id: string, text: string): void {
    this.#container(id).write(text)
  }

  async version(): Promise<RuntimeInfo> {
    await this.#enter('version', '')
    return { ...FAKE_INFO, runningContainers: this.running().length + this.others.length }
  }

  async glance(): Promise<Map<string, PodGlance>> {
    await this.#enter('glance', '')
    return glanceOf(this.sandboxes.values(), this.containers.values())
  }

  async list(podUid?: string): Promise<RuntimeListing> {
    await this.#enter('list', podUid ?? '')
    const ofPod = (entry: { pod: PodIdentity }) => podUid === undefined || entry.pod.uid === podUid
    return structuredClone({
      sandboxes: [...this.sandboxes.values()].filter(ofPod),
      containers: [...this.containers.values()].map(({ state }) => state).filter(ofPod),
      volumes: this.volumes.list().filter(ofPod),
    })
  }

  async runSandbox(spec: SandboxSpec): Promise<SandboxState> {
    await this.#enter('runSandbox', spec.pod.name)
    refuseUnlinkable(spec)
    await this.#delay(this.#options.sandboxStartMs)
    this.volumes.add(spec.pod, spec.volumes)
    const address = spec.address === undefined ? this.#nextAddress() : this.addressFor(spec.address)
    const state: SandboxState = {
      id: this.#newId(),
      pod: spec.pod,
      running: true,
      createdAt: this.#time(),
      ...(spec.hostNetwork ? {} : { ip: address }),
      ...(spec.linkedBy === 'agent' ? { process: ++this.#processes } : {}),
    }
    this.sandboxes.set(state.id, state)
    this.#changed(spec.pod)
    return structuredClone(state)
  }

  /** Needs no answer of the runtime. */
  async hasEnded({ id }: SandboxState): Promise<boolean> {
    return !this.sandboxes.get(id)?.running
  }

  async stopSandbox(id: string): Promise<void> {
    await this.#enter('stopSandbox', id)
    this.#patchSandbox(id, { running: false, ip: undefined })
    this.#changed(this.sandboxes.get(id)?.pod)
  }

  async removeSandbox(id: string): Promise<void> {
    await this.#enter('removeSandbox', id)
    const sandbox = this.sandboxes.get(id)
    this.sandboxes.delete(id)
    if (sandbox) this.volumes.leaveSandbox(sandbox.pod.uid)
    this.closeSockets(id)
    this.#changed(sandbox?.pod)
  }

  async createContainer(spec: ContainerSpec): Promise<string> {
    await this.#enter('createContainer', spec.name)
    if (!this.sandboxes.get(spec.sandboxId)?.running) throw new RuntimeFailure('failed', 'the sandbox is not running')
    if (![...this.images.values()].some(({ id }) => id === spec.imageId)) {
      throw new RuntimeFailure('notFound', `No such image: ${spec.imageId}`)
    }
    for (const { volume } of spec.mounts) this.volumes.check(spec.pod, volume)
    const { pod, sandboxId, name, restartCount, specHash, annotations, image, imageId } = spec
    const { seccomp } = spec.securityContext ?? {}
    if (seccomp?.type === 'localhost')
      throw new RuntimeFailure('invalid', `cannot load seccomp profile "${seccomp.name}"`)
    const facts = { pod, sandboxId, name, restartCount, specHash, annotations, image, imageId }
    const state: ContainerState = {
      ...{ ...facts, id: this.#newId(), createdAt: this.#time(), resources: spec.resources, user: fakeUser(spec) },
      stopSignal: spec.stopSignal ?? 'SIGTERM',
      state: { phase: 'created' },
    }
    const changed = (pod: PodIdentity) => this.#changed(pod)
    const program = this.program(spec)
    this.containers.set(state.id, new FakeContainer({ spec, state, program, clock: this.#clock, changed }))
    this.#changed(pod)
    return state.id
  }

  async startContainer(id: string): Promise<void> {
    await this.#enter('startContainer', this.containers.get(id)?.spec.name ?? id)
    await this.#delay(this.#options.containerStartMs)
    this.#container(id).start()
  }

  async updateContainer(id: string, resources: ContainerResources): Promise<void> {
    await this.#enter('updateContainer', this.containers.get(id)?.spec.name ?? id)
    Object.assign(this.#container(id).state, { resources })
    this.#changed(this.#container(id).state.pod)
  }

  async stopContainer(id: string): Promise<void> {
    await this.#enter('stopContainer', this.containers.get(id)?.spec.name ?? id)
    this.containers.get(id)?.askToEnd()
  }

  async killContainer(id: string): Promise<void> {
    await this.#enter('killContainer', this.containers.get(id)?.spec.name ?? id)
    this.containers.get(id)?.exit({ exitCode: 137 })
  }

  async removeContainer(id: string): Promise<void> {
    await this.#enter('removeContainer', this.containers.get(id)?.spec.name ?? id)
    const container = this.containers.get(id)
    container?.forget()
    this.containers.delete(id)
    this.#changed(container?.state.pod)
  }

  async usage(ids: readonly string[]): Promise<Map<string, ContainerUsage>> {
    await this.#enter('usage', '')
    return usagesOf(this.containers, ids, this.#clock.now())
  }

  async diskUsage(podUid: string): Promise<DiskUsage> {
    await this.#enter('diskUsage', podUid)
    return diskUsageOf(podUid, [...this.containers.values()], this.volumes.onDisk(podUid))
  }

  async terminationMessage(id: string, _signal: AbortSignal): Promise<string | undefined> {
    await this.#enter('terminationMessage', id)
    return lastWordsOf(this.containers.get(id))
  }

  async removeImage(reference: string, id: string): Promise<'removed' | 'inUse' | 'other'> {
    await this.#enter('removeImage', reference)
    return this.images.remove(reference, id, [...this.containers.values()])
  }

  async pullImage(reference: string, signal: AbortSignal): Promise<ImageState> {
    await this.#enter('pullImage', reference)
    if (this.#options.pullMs) await sleep(this.#clock, this.#options.pullMs, signal)
    const error = this.pullErrors.get(reference)
    if (error !== undefined) throw new RuntimeFailure('imagePull', error)
    return this.addImage(reference)
  }

  /** Makes the image be there already. */
  addImage(reference: string): ImageState {
    return this.images.add(reference)
  }

  async logs(id: string, options: LogOptions, signal: AbortSignal): Promise<Readable> {
    await Promise.resolve()
    const container = this.#container(id)
    const isRunning = () => container.isRunning
    return fakeLog({ lines: container.log, isRunning, changes: this.#changes }, options, signal)
  }

  events(signal: AbortSignal): AsyncIterable<{ podUid: string }> {
    return this.#down ? noEvents() : this.#changes.subscribe(signal)
  }

  protected enter(call: FakeCall, detail: string): Promise<void> {
    return this.#enter(call, detail)
  }

  protected hasSandbox(id: string): boolean {
    return this.sandboxes.has(id)
  }

  protected runningContainer(id: string): FakeContainer {
    const container = this.#container(id)
    if (!container.isRunning) throw new RuntimeFailure('conflict', 'container is not running')
    return container
  }

  protected isRunning(id: string): boolean {
    return this.containers.get(id)?.isRunning ?? false
  }

  protected containersIn(sandboxId: string): FakeContainer[] {
    return [...this.containers.values()].filter(({ state }) => state.sandboxId === sandboxId)
  }

  protected networkOf(sandboxId: string): 'own' | 'machine' | undefined {
    const sandbox = this.sandboxes.get(sandboxId)
    return sandbox?.running ? (sandbox.ip ? 'own' : 'machine') : undefined
  }

  protected podOfRunning(sandboxId: string): PodIdentity | undefined {
    const sandbox = this.sandboxes.get(sandboxId)
    return sandbox?.running ? sandbox.pod : undefined
  }

  async #enter(call: FakeCall, detail: string): Promise<void> {
    this.calls.push(detail === '' ? call : `${call} ${detail}`)
    await Promise.resolve()
    if (this.#down) throw new RuntimeFailure('unavailable', 'the runtime is down')
    await this.#troubles.strike(call)
  }

  async #delay(delayMs: number | undefined): Promise<void> {
    if (delayMs) await sleep(this.#clock, delayMs)
  }

  protected sandboxAddresses(): string[] {
    return [...this.sandboxes.values()].flatMap(({ ip }) => ip ?? [])
  }

  #nextAddress(): string {
    if (this.network) return this.addressFor(undefined)
    return `${this.#options.addressPrefix ?? '10.244.0'}.${(this.#addresses++ % 254) + 1}`
  }

  #patchSandbox(id: string, patch: { running: boolean; ip?: string | undefined }): void {
    const sandbox = this.sandboxes.get(id)
    if (!sandbox) return
    this.closeSockets(id)
    const { ip: _, process: __, ...rest } = sandbox
    this.sandboxes.set(id, { ...rest, running: patch.running })
  }

  #container(id: string): FakeContainer {
    const container = this.containers.get(id)
    if (!container) throw new RuntimeFailure('notFound', `No such container: ${id}`)
    return container
  }

  #changed(pod: PodIdentity | undefined): void {
    if (pod) this.#changes.publish({ podUid: pod.uid })
  }

  #time(): string {
    return microTimestamp(this.#clock.now())
  }

  #newId(): string {
    const hash = createHash('sha256').update(`fake ${this.#options.addressPrefix} ${++this.#ids}`)
    return hash.digest('hex')
  }
}

/** As with a connection, one learns only by listening that there is none. */
function noEvents(): AsyncIterable<never> {
  const next = () => Promise.reject(new RuntimeFailure('unavailable', 'the runtime is down'))
  return { [Symbol.asyncIterator]: () => ({ next }) }
}
