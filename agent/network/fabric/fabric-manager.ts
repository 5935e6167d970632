import type { Clock, Timer } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/error-message.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Random } from '../../../shared/random.ts'
import { followEvents } from '../../runtime/follow-events.ts'
import { type Runtime, RuntimeFailure, type SandboxState } from '../../runtime/runtime.ts'
import { WakeLoop } from '../../wake-loop.ts'
import type { AddressNews } from '../netlink/address-news.ts'
import { failing, type NetworkCondition, NOT_TOLD, STARTING, UP } from '../network-condition.ts'
import { type AddressSource, PodAddresses } from '../pod-addresses.ts'
import type { SandboxLinks } from '../sandbox-links.ts'
import type { SocketRelays } from '../socket-relays.ts'
import type { FabricState } from './fabric-state.ts'
import { KeptState } from './kept-state.ts'
import { NodeNetwork } from './node-network.ts'
import type { Shortcuts } from './shortcuts.ts'

export interface FabricManagerOptions {
  runtime: Runtime
  relays: SocketRelays
  clusterId: string
  takesShortcuts?: boolean | undefined
  /** Where the newest state is kept. */
  path: string
  clock: Clock
  random: Random
  log: Logger
  /** One of the machine's own. */
  onAddress?: (news: AddressNews) => void
  /** The condition has changed. */
  onCondition?: () => void
  /** The container that answers for Services on this node is another one now. */
  onGateway?: (containerId: string, address: string) => void
}

/** What nobody tells of is seen after so long. */
const CHECK_MS = 60_000
/** Damage often comes in several pieces. */
const DAMAGE_DELAY_MS = 50
/** A Pod waits so long for the network of a node that starts. */
const START_PATIENCE_MS = 5_000
/** What works again before long costs the node no taint. */
const FAILURE_PATIENCE_MS = 10_000

/**
 * Keeps this node's part of the Pods' network as the control plane says, whatever becomes of the pieces, and gives
 * addresses in it. Pods that have a network need none of this to keep it.
 */
export class FabricManager implements AddressSource, SandboxLinks {
  readonly #options: FabricManagerOptions
  readonly #kept: KeptState
  readonly #network: NodeNetwork
  readonly #addresses = new PodAddresses()
  readonly #loop: WakeLoop
  readonly #stop = new AbortController()
  readonly #waiting = new Set<() => void>()
  #state: FabricState | undefined
  /** It came from the control plane, and was not applied yet. */
  #isNews = false
  #isUsable = false
  #areHoldersKnown = false
  #failedSinceMs: number | undefined
  #condition = NOT_TOLD
  #damage: Timer | undefined

  constructor(options: FabricManagerOptions) {
    this.#options = options
    this.#kept = new KeptState(options)
    this.#network = new NodeNetwork({ ...options, onDamage: () => this.#damaged() })
    this.#loop = new WakeLoop({
      clock: options.clock,
      pass: () => this.#pass(),
      onFault: (error) => this.#failed(error),
    })
  }

  /** Begins with what an earlier agent was told. Resolves when that was tried, at the latest after some seconds. */
  async start(): Promise<void> {
    const kept = await this.#kept.load()
    if (kept && !this.#state) this.#state = kept
    this.#watchContainers()
    if (!this.#state) return
    this.#loop.wake()
    await this.#usable()
  }

  /** What the control plane says now. */
  update(state: FabricState): void {
    this.#state = state
    this.#isNews = true
    this.#kept.save(state)
    this.#loop.wake()
  }

  /** For the Node. */
  get condition(): NetworkCondition {
    return this.#condition
  }

  async take(holder: string): Promise<string> {
    await this.#usable()
    if (!this.#isUsable) throw new RuntimeFailure('failed', `network is not ready: ${this.#condition.message}`)
    const address = this.#addresses.take(holder)
    if (address !== undefined) return address
    throw new RuntimeFailure('failed', `no address is free in ${this.#state?.own.podCIDR}`)
  }

  get sysctls(): Readonly<Record<string, string>> {
    return this.#network.sysctls
  }

  /** Containers on the Pods' bridge that are not Pods are covered by who runs them. */
  get shortcuts(): Pick<Shortcuts, 'cover' | 'uncover'> {
    return this.#network.shortcuts
  }

  async join(sandbox: SandboxState): Promise<void> {
    if (sandbox.process !== undefined) await this.#usable()
    await this.#network.links.join(sandbox)
    this.#network.shortcuts.cover(sandbox)
  }

  leave(sandboxId: string): void {
    this.#network.links.leave(sandboxId)
    this.#network.shortcuts.uncover(sandboxId)
  }

  release(holder: string): void {
    this.#addresses.release(holder)
  }

  /** The network stays as it is. Resolves when what was told of it is kept. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#loop.stop()
    this.#network.shortcuts.stop()
    this.#damage?.cancel()
    await this.#kept.written()
  }

  async #pass(): Promise<number> {
    const state = this.#state
    if (state?.own.podCIDR === undefined) {
      this.#isUsable = false
      this.#tell(NOT_TOLD)
      return Number.POSITIVE_INFINITY
    }
    if (this.#condition === NOT_TOLD) this.#tell(STARTING)
    const isNews = this.#isNews
    this.#isNews = false
    try {
      await this.#knowHolders()
      const machine = await this.#network.join(state, state.own.podCIDR)
      this.#becomeUsable(state.own.podCIDR)
      await this.#network.connect(state, state.own.podCIDR, machine, isNews)
    } catch (error) {
      this.#isNews ||= isNews
      throw error
    }
    this.#failedSinceMs = undefined
    this.#tell(UP)
    return CHECK_MS
  }

  /** What Pods and the node's own containers have of an earlier agent. */
  async #knowHolders(): Promise<void> {
    if (this.#areHoldersKnown) return
    const { runtime } = this.#options
    for (const sandbox of (await runtime.list()).sandboxes) {
      if (sandbox.ip) this.#addresses.hold(sandbox.pod.uid, sandbox.ip)
      if (!sandbox.running) continue
      this.#network.links.adopt(sandbox)
      this.#network.shortcuts.cover(sandbox)
    }
    for (const { name, ip } of await runtime.networkContainers()) if (ip) this.#addresses.hold(name, ip)
    this.#areHoldersKnown = true
  }

  #becomeUsable(podCIDR: string): void {
    this.#addresses.use(podCIDR)
    this.#isUsable = true
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }

  /** Resolves when addresses can be had, or when that has taken too long. */
  #usable(): Promise<void> {
    if (this.#isUsable) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel()
        this.#waiting.delete(done)
        resolve()
      }
      const timer = this.#options.clock.after(START_PATIENCE_MS, done)
      this.#waiting.add(done)
    })
  }

  #failed(error: unknown): void {
    const { clock, log } = this.#options
    this.#failedSinceMs ??= clock.monotonic()
    const isLasting = clock.monotonic() - this.#failedSinceMs >= FAILURE_PATIENCE_MS
    log.warn({ err: error }, 'the Pod network is not as it should be')
    if (!isLasting && this.#condition === UP) return
    this.#tell(failing(messageOf(error)))
  }

  #tell(condition: NetworkCondition): void {
    const isSame = JSON.stringify(condition) === JSON.stringify(this.#condition)
    this.#condition = condition
    if (!isSame) this.#options.onCondition?.()
  }

  /** Of the node's own. */
  #watchContainers(): void {
    const { runtime, clock, log } = this.#options
    const damaged = () => this.#damaged()
    const events = (signal: AbortSignal) => runtime.networkEvents(signal)
    void followEvents({ events, happened: damaged, missed: damaged, clock, log }, this.#stop.signal)
  }

  #damaged(): void {
    if (this.#stop.signal.aborted) return
    this.#damage ??= this.#options.clock.after(DAMAGE_DELAY_MS, () => {
      this.#damage = undefined
      this.#loop.wake()
    })
  }
}
