import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import { followEvents } from '../../runtime/follow-events.ts'
import { type Runtime, RuntimeFailure, type SandboxState } from '../../runtime/runtime.ts'
import { WakeLoop } from '../../wake-loop.ts'
import { withinTime } from '../../within-time.ts'
import type { NetworkSnapshot } from '../network-snapshot.ts'
import type { NetworkView } from '../network-state.ts'
import type { SocketRelays } from '../socket-relays.ts'
import { parseNodePortsName } from './container-name.ts'
import { writeReturnPaths } from './write-return-paths.ts'

export interface ReturnPathsOptions {
  readonly network: NetworkView
  readonly runtime: Pick<Runtime, 'list' | 'networkContainers' | 'networkEvents'>
  readonly relays: SocketRelays
  readonly clock: Clock
  readonly log: Logger
}

/** Nobody is held up for longer: a connection that is answered too early is tried again by its client. */
const PATIENCE_MS = 5_000

/**
 * Has the node's Pods answer through the containers that publish ports of Services with the traffic policy Local, whichever
 * node of the machine they are of: those leave the client's address as it is, and translate the answers. Where there is no
 * such Service nothing is done.
 */
export class ReturnPaths {
  readonly #options: ReturnPathsOptions
  readonly #loop: WakeLoop
  readonly #stop = new AbortController()
  /** The UIDs of Services whose clients are seen. */
  #services: ReadonlySet<string> = new Set()
  /** By sandbox, the neighbors that it answers through. What an earlier agent wrote and nobody needs harms nobody. */
  readonly #written = new Map<string, string>()
  #isWatching = false
  #running: Promise<void> = Promise.resolve()
  #queued: Promise<void> | undefined

  constructor(options: ReturnPathsOptions) {
    const { clock, log } = options
    this.#options = options
    this.#loop = new WakeLoop({
      clock,
      pass: async () => {
        await this.#renewed()
        return Number.POSITIVE_INFINITY
      },
      onFault: (err) => log.warn({ err }, 'some Pods may not answer through published ports'),
    })
  }

  start(): void {
    const unsubscribe = this.#options.network.subscribe((snapshot) => this.#follow(snapshot))
    this.#stop.signal.addEventListener('abort', unsubscribe, { once: true })
  }

  /** Leaves the Pods as they are. */
  stop(): void {
    this.#stop.abort()
    this.#loop.stop()
  }

  /** Resolves when all Pods answer through what publishes ports by now, or after a moment where that does not come about. Never rejects. */
  async renew(): Promise<void> {
    const late = () => 'Pods do not answer through published ports in time'
    await withinTime(this.#options.clock, PATIENCE_MS, late, () => this.#renewed()).catch(() => this.#loop.wake())
  }

  #follow(snapshot: NetworkSnapshot): void {
    const before = this.#services
    this.#services = servicesThatKeepClients(snapshot)
    if (this.#services.size > 0 && !this.#isWatching) this.#watchContainers()
    if (!isSameSet(before, this.#services)) this.#loop.wake()
  }

  /** Whoever asks while a pass is under way shares the next one. */
  #renewed(): Promise<void> {
    if (this.#services.size === 0 && this.#written.size === 0) return Promise.resolve()
    if (this.#queued) return this.#queued
    const next = this.#running.then(() => {
      this.#queued = undefined
      return this.#pass()
    })
    this.#queued = next
    this.#running = next.catch(() => undefined)
    return next
  }

  async #pass(): Promise<void> {
    const { runtime } = this.#options
    const addresses = (await runtime.networkContainers('machine')).flatMap(({ name, ip }) => {
      const uid = parseNodePortsName(name)?.serviceUid
      return ip !== undefined && uid !== undefined && this.#services.has(uid) ? [ip] : []
    })
    const { sandboxes } = await runtime.list()
    const running = sandboxes.filter(({ running, ip }) => running && ip !== undefined)
    const ids = new Set(running.map(({ id }) => id))
    for (const id of this.#written.keys()) if (!ids.has(id)) this.#written.delete(id)
    const written = await Promise.allSettled(running.map((sandbox) => this.#write(sandbox, addresses.toSorted())))
    const failed = written.find((result) => result.status === 'rejected' && !isNotRunning(result.reason))
    if (failed?.status === 'rejected') throw failed.reason
  }

  async #write({ id }: SandboxState, addresses: readonly string[]): Promise<void> {
    const wanted = addresses.join()
    if ((this.#written.get(id) ?? '') === wanted) return
    const relay = await this.#options.relays.of(id)
    await writeReturnPaths(relay, addresses)
    // Who closes it may have ended the sandbox, and starts it with another namespace.
    if (!this.#written.has(id)) void relay.closed.then(() => this.#lost(id))
    if (wanted === '') this.#written.delete(id)
    else this.#written.set(id, wanted)
  }

  #lost(sandboxId: string): void {
    if (this.#stop.signal.aborted || !this.#written.delete(sandboxId)) return
    this.#loop.wake()
  }

  /** Those of other nodes of the machine, too. */
  #watchContainers(): void {
    this.#isWatching = true
    const { runtime, clock, log } = this.#options
    const events = (signal: AbortSignal) => runtime.networkEvents(signal, 'machine')
    const happened = ({ name }: { name: string }) => {
      if (parseNodePortsName(name)) this.#loop.wake()
    }
    void followEvents({ events, happened, missed: () => this.#loop.wake(), clock, log }, this.#stop.signal)
  }
}

function servicesThatKeepClients({ services }: NetworkSnapshot): Set<string> {
  const keeping = [...services.values()].filter(({ spec }) => spec.externalTrafficPolicy === 'Local')
  return new Set(keeping.map(({ metadata }) => metadata.uid))
}

function isSameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((value) => other.has(value))
}

function isNotRunning(error: unknown): boolean {
  return error instanceof RuntimeFailure && (error.code === 'notFound' || error.code === 'conflict')
}
