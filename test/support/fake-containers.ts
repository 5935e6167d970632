import type { Readable } from 'node:stream'
import {
  type ContainerResources,
  type ContainerSpec,
  type ContainerState,
  type ContainerUsage,
  type DiskUsage,
  type LogOptions,
  type PodIdentity,
  RuntimeFailure,
} from '../../agent/runtime/runtime.ts'
import { FakeContainer } from './fake-container.ts'
import { fakeLog } from './fake-log.ts'
import {
  diskUsageOf,
  type FakeProgram,
  type FakeRuntimeOptions,
  fakeUser,
  lastWordsOf,
  usagesOf,
} from './fake-program.ts'
import { FakeSandboxes } from './fake-sandboxes.ts'

/** The part of a fake runtime that is about the containers in its sandboxes. */
export abstract class FakeContainers extends FakeSandboxes {
  readonly containers = new Map<string, FakeContainer>()
  program: (spec: ContainerSpec) => FakeProgram

  constructor(options: FakeRuntimeOptions) {
    super(options)
    this.program = options.program ?? (() => ({}))
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

  /** One line of output, with its line feed. */
  write(id: string, text: string): void {
    this.#container(id).write(text)
  }

  async createContainer(spec: ContainerSpec): Promise<string> {
    await this.enter('createContainer', spec.name)
    this.#refuse(spec)
    const { pod, sandboxId, name, restartCount, specHash, annotations, image, imageId, resources } = spec
    const facts = { pod, sandboxId, name, restartCount, specHash, annotations, image, imageId, resources }
    const state: ContainerState = {
      ...{ ...facts, id: this.newId(), createdAt: this.time(), user: fakeUser(spec) },
      stopSignal: spec.stopSignal ?? 'SIGTERM',
      state: { phase: 'created' },
    }
    const changed = (pod: PodIdentity) => this.changed(pod)
    const program = this.program(spec)
    this.containers.set(state.id, new FakeContainer({ spec, state, program, clock: this.clock, changed }))
    this.changed(pod)
    return state.id
  }

  async startContainer(id: string): Promise<void> {
    await this.#enterFor('startContainer', id)
    await this.delay(this.options.containerStartMs)
    this.#container(id).start()
  }

  async updateContainer(id: string, resources: ContainerResources): Promise<void> {
    await this.#enterFor('updateContainer', id)
    Object.assign(this.#container(id).state, { resources })
    this.changed(this.#container(id).state.pod)
  }

  async stopContainer(id: string): Promise<void> {
    await this.#enterFor('stopContainer', id)
    this.containers.get(id)?.askToEnd()
  }

  async killContainer(id: string): Promise<void> {
    await this.#enterFor('killContainer', id)
    this.containers.get(id)?.exit({ exitCode: 137 })
  }

  async removeContainer(id: string): Promise<void> {
    await this.#enterFor('removeContainer', id)
    const container = this.containers.get(id)
    container?.forget()
    this.containers.delete(id)
    this.changed(container?.state.pod)
  }

  async usage(ids: readonly string[]): Promise<Map<string, ContainerUsage>> {
    await this.enter('usage', '')
    return usagesOf(this.containers, ids, this.clock.now())
  }

  async diskUsage(podUid: string): Promise<DiskUsage> {
    await this.enter('diskUsage', podUid)
    return diskUsageOf(podUid, [...this.containers.values()], this.volumes.onDisk(podUid))
  }

  async terminationMessage(id: string, _signal: AbortSignal): Promise<string | undefined> {
    await this.enter('terminationMessage', id)
    return lastWordsOf(this.containers.get(id))
  }

  async logs(id: string, options: LogOptions, signal: AbortSignal): Promise<Readable> {
    await Promise.resolve()
    const container = this.#container(id)
    const isRunning = () => container.isRunning
    return fakeLog({ lines: container.log, isRunning, changes: this.changes }, options, signal)
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

  #enterFor(
    call: 'startContainer' | 'updateContainer' | 'stopContainer' | 'killContainer' | 'removeContainer',
    id: string,
  ) {
    return this.enter(call, this.containers.get(id)?.spec.name ?? id)
  }

  #refuse({ pod, sandboxId, imageId, mounts, securityContext: { seccomp } = {} }: ContainerSpec): void {
    if (!this.sandboxes.get(sandboxId)?.running) throw new RuntimeFailure('failed', 'the sandbox is not running')
    if (![...this.images.values()].some(({ id }) => id === imageId)) {
      throw new RuntimeFailure('notFound', `No such image: ${imageId}`)
    }
    for (const { volume } of mounts) this.volumes.check(pod, volume)
    if (seccomp?.type === 'localhost')
      throw new RuntimeFailure('invalid', `cannot load seccomp profile "${seccomp.name}"`)
  }

  #container(id: string): FakeContainer {
    const container = this.containers.get(id)
    if (!container) throw new RuntimeFailure('notFound', `No such container: ${id}`)
    return container
  }
}
