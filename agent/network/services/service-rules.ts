import type { ObjectKey } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import { keepTrying } from '../../keep-trying.ts'
import type { Runtime, SandboxState } from '../../runtime/runtime.ts'
import type { NetworkConsumer } from '../applied-versions.ts'
import type { NetworkView } from '../network-state.ts'
import type { SocketRelays } from '../socket-relays.ts'
import { NamespaceRules } from './namespace-rules.ts'
import { type Coverage, NodeRules } from './node-rules.ts'
import type { SandboxRules } from './sandbox-rules.ts'

export interface ServiceRulesOptions {
  readonly nodeName: string
  readonly network: NetworkView
  readonly relays: SocketRelays
  readonly runtime: Pick<Runtime, 'list'>
  readonly clock: Clock
  readonly log: Logger
  /** What the kernel says of rules that it refuses, and undefined when it refuses none any more. */
  readonly onRefusal?: (refusal: string | undefined) => void
}

interface Covered {
  readonly coverage: Coverage
  /** Nothing has gone by rules of its namespace yet. */
  isFresh: boolean
  /** From the first snapshot on. */
  namespace?: NamespaceRules
  /** Called when the rules are there, or cannot be. */
  readonly waiting: Set<() => void>
}

const LIST_RETRY_MS = 2_000
/** No Pod is held up for longer: it may do without Services. */
const COVER_TIMEOUT_MS = 5_000

/**
 * Keeps the rules of Services in all network namespaces of this node as the cluster's network has them, and says which
 * version connections from all of them go by.
 */
export class ServiceRules implements SandboxRules {
  readonly #options: ServiceRulesOptions
  readonly #rules: NodeRules
  readonly #consumer: NetworkConsumer
  readonly #covered = new Map<string, Covered>()
  readonly #stop = new AbortController()
  #hasAll = false
  #refusal: string | undefined

  constructor(options: ServiceRulesOptions) {
    this.#options = options
    this.#rules = new NodeRules(options.nodeName)
    this.#consumer = options.network.consumer('rules of Services')
  }

  /** Takes over the sandboxes that are there: before that no version counts as applied. */
  start(): void {
    const unsubscribe = this.#options.network.subscribe((snapshot, change) => {
      this.#rules.update(snapshot, change)
      for (const [containerId, covered] of this.#covered) this.#write(containerId, covered)
      this.#settle()
    })
    this.#stop.signal.addEventListener('abort', unsubscribe, { once: true })
    void this.#takeOver()
  }

  /** Leaves the rules in the kernel as they are. */
  stop(): void {
    this.#stop.abort()
    for (const { namespace } of this.#covered.values()) namespace?.stop()
  }

  async cover({ id, ip }: SandboxState): Promise<void> {
    // One without an address has the machine's own network.
    if (ip === undefined) return
    const covered = this.#cover(id, { role: 'pod' }, true)
    if (isSettled(covered)) return
    await new Promise<void>((resolve) => {
      covered.waiting.add(resolve)
      const timer = this.#options.clock.after(COVER_TIMEOUT_MS, resolve)
      covered.waiting.add(() => timer.cancel())
    })
  }

  /** The container that answers for Services on the Pods' link, instead of the one before. */
  coverGateway(containerId: string): void {
    for (const [id, { coverage }] of [...this.#covered]) {
      if (coverage.role === 'gateway' && id !== containerId) this.uncover(id)
    }
    this.#cover(containerId, { role: 'gateway' })
  }

  /** A container that publishes ports of a Service; `address` is its own. */
  coverNodePorts(containerId: string, service: ObjectKey, address: string): void {
    this.#cover(containerId, { role: 'nodePort', service, address })
  }

  uncover(containerId: string): void {
    const covered = this.#covered.get(containerId)
    if (!covered) return
    this.#covered.delete(containerId)
    covered.namespace?.stop()
    release(covered)
    if (covered.coverage.role === 'nodePort') this.#rules.forget(covered.coverage)
    this.#settle()
  }

  async #takeOver(): Promise<void> {
    const { runtime, clock, log } = this.#options
    const lookForSandboxes = async () => {
      const { sandboxes } = await runtime.list()
      const running = sandboxes.filter(({ running, ip }) => running && ip !== undefined)
      for (const { id } of running) this.#cover(id, { role: 'pod' })
      this.#hasAll = true
    }
    const failed = (err: unknown) => log.warn({ err }, 'could not look for sandboxes')
    await keepTrying(lookForSandboxes, { clock, signal: this.#stop.signal, restMs: () => LIST_RETRY_MS, failed })
    this.#settle()
  }

  #cover(containerId: string, coverage: Coverage, isFresh = false): Covered {
    const known = this.#covered.get(containerId)
    if (known) return known
    const covered: Covered = { coverage, isFresh, waiting: new Set() }
    this.#covered.set(containerId, covered)
    this.#write(containerId, covered)
    return covered
  }

  #write(containerId: string, covered: Covered): void {
    const rules = this.#rules.of(covered.coverage)
    if (!rules || this.#stop.signal.aborted) return
    const { relays, clock, log } = this.#options
    if (covered.namespace) {
      covered.namespace.wake()
      return
    }
    const onProgress = () => {
      if (covered.namespace?.reached !== undefined) covered.isFresh = false
      if (isSettled(covered)) release(covered)
      this.#settle()
    }
    const named = log.child({ container: containerId.slice(0, 12), role: covered.coverage.role })
    covered.namespace = new NamespaceRules({ containerId, rules, relays, clock, log: named, onProgress })
  }

  /** A container that does not run holds up nobody. */
  #settle(): void {
    this.#tellRefusal()
    const version = this.#options.network.snapshot()?.version
    if (version === undefined || !this.#hasAll) return
    const counted = [...this.#covered.values()].filter(({ isFresh, namespace }) => !isFresh && !namespace?.isGone)
    const reached = counted.map(({ namespace }) => namespace?.reached ?? 0)
    this.#consumer.applied(Math.min(version, ...reached))
  }

  #tellRefusal(): void {
    const namespaces = [...this.#covered.values()].map(({ namespace }) => namespace)
    const refusal = namespaces.find((namespace) => namespace?.refusal !== undefined)?.refusal
    if (refusal === this.#refusal) return
    this.#refusal = refusal
    this.#options.onRefusal?.(refusal)
  }
}

function isSettled({ namespace }: Covered): boolean {
  return namespace !== undefined && (namespace.isGone || namespace.reached !== undefined)
}

function release({ waiting }: Covered): void {
  for (const done of waiting) done()
  waiting.clear()
}
