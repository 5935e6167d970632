import { createHash } from 'node:crypto'
import type { PodIdentity, SandboxSpec, SandboxState } from '../../agent/runtime/runtime.ts'
import { refuseUnlinkable } from '../../agent/runtime/sandbox.ts'
import { type Clock, microTimestamp, sleep } from '../../shared/clock.ts'
import { Broadcast } from './broadcast.ts'
import { FakeNetworks } from './fake-networks.ts'
import type { FakeRuntimeOptions } from './fake-program.ts'

/** The part of a fake runtime that is about sandboxes, and of whose Pods something is told. */
export abstract class FakeSandboxes extends FakeNetworks {
  /** Runs what an agent of its own could not see: kept by what stands for the machine. */
  readonly sandboxes = new Map<string, SandboxState>()
  protected readonly options: FakeRuntimeOptions
  protected readonly clock: Clock
  protected readonly changes = new Broadcast<{ podUid: string }>()
  #ids = 0
  #addresses = 1
  #processes = 1_000

  constructor(options: FakeRuntimeOptions) {
    super(options.clock)
    this.options = options
    this.clock = options.clock
  }

  async runSandbox(spec: SandboxSpec): Promise<SandboxState> {
    await this.enter('runSandbox', spec.pod.name)
    refuseUnlinkable(spec)
    await this.delay(this.options.sandboxStartMs)
    this.volumes.add(spec.pod, spec.volumes)
    const address = spec.address === undefined ? this.#nextAddress() : this.addressFor(spec.address)
    const state: SandboxState = {
      id: this.newId(),
      pod: spec.pod,
      running: true,
      createdAt: this.time(),
      ...(spec.hostNetwork ? {} : { ip: address }),
      ...(spec.linkedBy === 'agent' ? { process: ++this.#processes } : {}),
    }
    this.sandboxes.set(state.id, state)
    this.changed(spec.pod)
    return structuredClone(state)
  }

  /** Needs no answer of the runtime. */
  async hasEnded({ id }: SandboxState): Promise<boolean> {
    return !this.sandboxes.get(id)?.running
  }

  async stopSandbox(id: string): Promise<void> {
    await this.enter('stopSandbox', id)
    this.killSandboxProcess(id)
  }

  async removeSandbox(id: string): Promise<void> {
    await this.enter('removeSandbox', id)
    const sandbox = this.sandboxes.get(id)
    this.sandboxes.delete(id)
    if (sandbox) this.volumes.leaveSandbox(sandbox.pod.uid)
    this.closeSockets(id)
    this.changed(sandbox?.pod)
  }

  killSandboxProcess(id: string): void {
    this.endSandbox(id)
    this.changed(this.sandboxes.get(id)?.pod)
  }

  /** Nobody is told. */
  protected endSandbox(id: string): void {
    const sandbox = this.sandboxes.get(id)
    if (!sandbox) return
    this.closeSockets(id)
    const { ip: _, process: __, ...rest } = sandbox
    this.sandboxes.set(id, { ...rest, running: false })
  }

  protected hasSandbox(id: string): boolean {
    return this.sandboxes.has(id)
  }

  protected sandboxAddresses(): string[] {
    return [...this.sandboxes.values()].flatMap(({ ip }) => ip ?? [])
  }

  protected networkOf(sandboxId: string): 'own' | 'machine' | undefined {
    const sandbox = this.sandboxes.get(sandboxId)
    return sandbox?.running ? (sandbox.ip ? 'own' : 'machine') : undefined
  }

  protected podOfRunning(sandboxId: string): PodIdentity | undefined {
    const sandbox = this.sandboxes.get(sandboxId)
    return sandbox?.running ? sandbox.pod : undefined
  }

  protected changed(pod: PodIdentity | undefined): void {
    if (pod) this.changes.publish({ podUid: pod.uid })
  }

  protected async delay(delayMs: number | undefined): Promise<void> {
    if (delayMs) await sleep(this.clock, delayMs)
  }

  protected time(): string {
    return microTimestamp(this.clock.now())
  }

  protected newId(): string {
    const hash = createHash('sha256').update(`fake ${this.options.addressPrefix} ${++this.#ids}`)
    return hash.digest('hex')
  }

  #nextAddress(): string {
    if (this.network) return this.addressFor(undefined)
    return `${this.options.addressPrefix ?? '10.244.0'}.${(this.#addresses++ % 254) + 1}`
  }
}
