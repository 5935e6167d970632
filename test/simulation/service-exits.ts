import type { Runtime } from '../../agent/runtime/runtime.ts'
import { PODS, type Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { SimAgent } from '../support/sim-agent.ts'
import type { SimCluster } from '../support/sim-cluster.ts'
import type { Violations } from './violations.ts'

/** An agent that was out of reach a moment ago may be one that nobody waits for. */
const TRUSTED_AFTER_MS = 15_000
/** Of its grace period a Pod is given so much to leave its Services. */
const SHARE = 0.5

/** A container of a deleted Pod is told to end only when no node sends new connections to the Pod, or its time for that is up. */
export class ServiceExits {
  readonly #cluster: SimCluster
  readonly #violations: Violations
  readonly #stop = new AbortController()
  /** By UID: Pods that are being deleted, and when that was asked for first. */
  readonly #deletions = new Map<string, { pod: Persisted<Pod>; askedMs: number }>()
  /** When each agent was last seen out of reach. */
  readonly #unreachableMs = new Map<SimAgent, number>()

  constructor(cluster: SimCluster, violations: Violations) {
    this.#cluster = cluster
    this.#violations = violations
    void this.#watch()
  }

  stop(): void {
    this.#stop.abort()
  }

  /** After every step. */
  check(): void {
    for (const agent of this.#cluster.agents) {
      const isReachable = agent.isReachable && this.#cluster.isControlPlaneRunning
      if (!isReachable) this.#unreachableMs.set(agent, this.#cluster.clock.monotonic())
    }
  }

  /** Stands between an agent and its runtime. */
  watch(runtime: Runtime, nodeName: string): Runtime {
    return new Proxy(runtime, {
      get: (target, name: keyof Runtime) => {
        const method = (target[name] as (...args: unknown[]) => unknown).bind(target)
        if (name !== 'stopContainer') return method
        return (id: string) => {
          this.#told(nodeName, id)
          return method(id)
        }
      },
    })
  }

  #told(nodeName: string, id: string): void {
    const { agents, clock } = this.#cluster
    const told = agents
      .find(({ name }) => name === nodeName)
      ?.runtime.running()
      .find((container) => container.id === id)
    const { pod, askedMs } = this.#deletions.get(told?.pod.uid ?? '') ?? {}
    if (!pod || askedMs === undefined) return
    const patienceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000 * SHARE
    if (clock.monotonic() - askedMs >= patienceMs) return
    this.check()
    for (const agent of agents.filter((one) => this.#isTrusted(one))) {
      const isTarget = agent.rules.targets(pod.metadata.namespace ?? '').includes(pod.metadata.uid)
      if (isTarget) this.#report(`${agent.name} sends to Pod ${pod.metadata.name} while it is told to end`)
    }
  }

  #isTrusted(agent: SimAgent): boolean {
    const unreachableMs = this.#unreachableMs.get(agent) ?? Number.NEGATIVE_INFINITY
    return this.#cluster.clock.monotonic() - unreachableMs > TRUSTED_AFTER_MS
  }

  #report(what: string): void {
    this.#violations.add('a Pod leaves its Services before it ends', what)
  }

  async #watch(): Promise<void> {
    const { clock, user } = this.#cluster
    for await (const event of user.watch(PODS, { resourceVersion: '0' }, this.#stop.signal)) {
      if (event.type === 'BOOKMARK') continue
      const { uid, deletionTimestamp } = event.object.metadata
      if (event.type === 'DELETED') this.#deletions.delete(uid)
      else if (deletionTimestamp) {
        const askedMs = this.#deletions.get(uid)?.askedMs ?? clock.monotonic()
        this.#deletions.set(uid, { pod: event.object, askedMs })
      }
    }
  }
}
