import type { Clock } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/error-message.ts'
import type { Logger } from '../../../shared/log.ts'
import { RuntimeFailure } from '../../runtime/runtime.ts'
import { SocketFailure } from '../../runtime/socket-relay.ts'
import { WakeLoop } from '../../wake-loop.ts'
import { withinTime } from '../../within-time.ts'
import { forgetFlow, listFlows } from '../conntrack/tracked-flows.ts'
import { NetlinkClient, type NetlinkRequest } from '../netlink/netlink-client.ts'
import { NetlinkError } from '../netlink/netlink-error.ts'
import { NETLINK_NETFILTER, NETLINK_SOCK_DIAG, withNetlink } from '../netlink/with-netlink.ts'
import { keptElements } from '../nftables/kept-elements.ts'
import { NFTABLES_SUBSYSTEM } from '../nftables/table-message.ts'
import type { SocketRelays } from '../socket-relays.ts'
import { type OwnConnections, ownConnections } from './own-connections.ts'
import type { RoleRules, RulesStep } from './role-rules.ts'
import { TABLE } from './service-frame.ts'
import { AFFINITY } from './service-sets.ts'
import { SilentConnections } from './silent-connections.ts'

export interface NamespaceRulesOptions {
  readonly containerId: string
  readonly rules: RoleRules
  readonly relays: SocketRelays
  readonly clock: Clock
  readonly log: Logger
  /** `reached`, `isGone` or `refusal` is another. */
  onProgress(): void
}

/** The kernel answers in milliseconds; who does not answer in this time is asked over another socket. */
const ANSWER_TIMEOUT_MS = 10_000

/** No such family of netlink. */
const NO_NETFILTER = 'EPROTONOSUPPORT'

/** Keeps the table of one network namespace as its role has it, whatever becomes of the way there. */
export class NamespaceRules {
  readonly #options: NamespaceRulesOptions
  readonly #loop: WakeLoop
  readonly #silent: SilentConnections
  #client: NetlinkClient | undefined
  /** The version that the kernel has; unknown at first, and after a loss. */
  #held: number | undefined
  #isGone = false
  /** The last transaction did. */
  #hasFailed = false
  #isRefused = false
  #refusal: string | undefined

  constructor(options: NamespaceRulesOptions) {
    const { clock, log } = options
    this.#options = options
    this.#silent = new SilentConnections(options.rules)
    this.#loop = new WakeLoop({
      clock,
      pass: () => this.#pass(),
      onFault: (err) => {
        if (!this.#isGone) log.warn({ err }, 'could not write the rules of Services')
        this.#setRefused(err)
      },
    })
    this.wake()
  }

  /** The newest version that connections from here go by; undefined before the first. */
  get reached(): number | undefined {
    return this.#held === undefined ? undefined : this.#options.rules.reached(this.#held)
  }

  /** Its container does not run: nothing goes by its rules. It may yet start again. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** What the kernel said when it refused the whole table, again and again; undefined where it has taken it since. */
  get refusal(): string | undefined {
    return this.#refusal
  }

  /** There are newer rules. */
  wake(): void {
    this.#loop.wake()
  }

  stop(): void {
    this.#loop.stop()
    this.#drop()
  }

  async #pass(): Promise<number> {
    const { rules } = this.#options
    for (let step = rules.stepFrom(this.#held); step; step = rules.stepFrom(this.#held)) {
      if (this.#loop.isStopped) break
      await this.#apply(step)
    }
    await this.#lookForSilence()
    return this.#silent.dueInMs(this.#options.clock.monotonic())
  }

  async #apply(step: RulesStep): Promise<void> {
    const client = this.#client ?? (await this.#connect())
    try {
      const kept = await this.#inTime(this.#kept(client))
      await this.#inTime(client.batch(NFTABLES_SUBSYSTEM, [...step.messages, ...kept]))
      this.#hasFailed = false
      await this.#inTime(this.#forgetStaleFlows(client, step))
      this.#held = step.version
      this.#setRefused(undefined)
      this.#options.onProgress()
    } catch (error) {
      const isChange = this.#held !== undefined
      this.#hasFailed = true
      // A change that does not fit what is there is no reason to wait: the whole table does.
      if (error instanceof NetlinkError && isChange) this.#held = undefined
      else this.#drop()
      if (this.#client === undefined) throw error
    }
  }

  /**
   * Which endpoints clients are to stay with, where the table is made anew. Should that not fit, it is made without: an
   * agent of another version may have written it.
   */
  async #kept(client: NetlinkClient): Promise<NetlinkRequest[]> {
    if (this.#held !== undefined || this.#hasFailed) return []
    return keptElements(client, TABLE, AFFINITY.name)
  }

  /** To list flows takes the kernel milliseconds, however few there are: it is done where one may be stale. */
  async #forgetStaleFlows(client: NetlinkClient, { changed, reduced }: RulesStep): Promise<void> {
    if (hasSome(reduced, 'TCP')) this.#silent.watch(this.#options.clock.monotonic(), reduced)
    if (!hasSome(changed, 'UDP')) return
    for (const flow of await listFlows(client, 'UDP')) {
      if (this.#options.rules.isStale(flow, changed)) await forgetFlow(client, flow)
    }
  }

  async #lookForSilence(): Promise<void> {
    const { rules, clock, log } = this.#options
    // What comes through a container that leads it on has no socket in it.
    const connected = rules.role === 'pod' ? () => this.#connected() : undefined
    const nowMs = clock.monotonic()
    if (!this.#client || this.#loop.isStopped || this.#silent.dueInMs(nowMs) > 0) return
    try {
      await this.#inTime(this.#silent.look(this.#client, nowMs, connected))
    } catch (err) {
      log.warn({ err }, 'could not look for connections to endpoints that are gone')
      if (!(err instanceof NetlinkError)) this.#drop()
    }
  }

  /** Undefined where the kernel does not say it. */
  async #connected(): Promise<OwnConnections | undefined> {
    const relay = await this.#options.relays.of(this.#options.containerId)
    return withNetlink(relay, NETLINK_SOCK_DIAG, ownConnections).catch((error) => {
      if (error instanceof NetlinkError) return undefined
      throw error
    })
  }

  async #connect(): Promise<NetlinkClient> {
    try {
      const relay = await this.#options.relays.of(this.#options.containerId)
      const socket = await relay.netlink(NETLINK_NETFILTER)
      const client = new NetlinkClient(socket)
      void socket.closed.then(() => this.#lost(client))
      this.#setGone(false)
      this.#client = client
      return client
    } catch (error) {
      this.#setGone(isNotRunning(error))
      throw error
    }
  }

  /** Whoever closed it may have ended the container, or put another in its place. */
  #lost(client: NetlinkClient): void {
    if (this.#client !== client) return
    this.#drop()
    this.wake()
  }

  #drop(): void {
    const client = this.#client
    this.#client = undefined
    this.#held = undefined
    client?.close()
  }

  #setGone(isGone: boolean): void {
    if (this.#isGone === isGone) return
    this.#isGone = isGone
    this.#options.onProgress()
  }

  /** Once may be by the elements that were kept, or by others who changed something meanwhile. */
  #setRefused(error: unknown): void {
    const isRefusal = error instanceof NetlinkError || (error instanceof SocketFailure && error.code === NO_NETFILTER)
    const refusal = isRefusal && this.#isRefused ? messageOf(error) : undefined
    this.#isRefused = isRefusal
    if (refusal === this.#refusal) return
    this.#refusal = refusal
    this.#options.onProgress()
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    const late = () => 'the kernel has not answered'
    return withinTime(this.#options.clock, ANSWER_TIMEOUT_MS, late, () => answer)
  }
}

function hasSome(frontends: ReadonlySet<string> | 'any', protocol: string): boolean {
  return frontends === 'any' || [...frontends].some((frontend) => frontend.endsWith(protocol))
}

function isNotRunning(error: unknown): boolean {
  return error instanceof RuntimeFailure && (error.code === 'notFound' || error.code === 'conflict')
}
