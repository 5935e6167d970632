import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { type Clock, sleep } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import type { PodDrainer } from '../../pods/pod-drain.ts'
import type { TcpConnection } from '../netlink/inet-diag.ts'
import type { NetworkView } from '../network-state.ts'
import type { PodWithdrawals } from '../pod-withdrawals.ts'
import { busyMsOf, onItsWayMs } from './connection-rest.ts'
import { servedPorts } from './served-ports.ts'

/** The connections of a Pod. */
export interface PodConnections {
  /** Those to these ports that the Pod has not closed. */
  list(sandboxId: string, ports: ReadonlySet<number>): Promise<TcpConnection[]>
}

export interface ServiceDrainOptions {
  withdrawals: PodWithdrawals
  network: Pick<NetworkView, 'snapshot'>
  connections: PodConnections
  clock: Clock
  log: Logger
}

/** How soon to look again, at the latest: most answers take less than what is waited for them. */
const LOOK_AGAIN_MS = 1_000

/**
 * Drains a Pod of Services: first no node sends new connections to it any more, then those that it has come to rest. One
 * of no Service is drained at once; UDP has nothing to wait for.
 */
export class ServiceDrain implements PodDrainer {
  readonly #options: ServiceDrainOptions

  constructor(options: ServiceDrainOptions) {
    this.#options = options
  }

  async drain(pod: Persisted<Pod>, sandboxId: string | undefined, signal: AbortSignal): Promise<void> {
    try {
      const before = this.#ports(pod)
      await this.#options.withdrawals.withdrawn(pod, signal)
      const ports = new Set([...before, ...this.#ports(pod)])
      if (sandboxId !== undefined && ports.size > 0) await this.#rest(sandboxId, ports, signal)
    } catch (err) {
      const { name, namespace, uid } = pod.metadata
      if (!signal.aborted) this.#options.log.warn({ err, pod: `${namespace}/${name}`, uid }, 'cannot drain a Pod')
    }
  }

  #ports({ metadata }: Persisted<Pod>): ReadonlySet<number> {
    return servedPorts(this.#options.network.snapshot(), metadata)
  }

  async #rest(sandboxId: string, ports: ReadonlySet<number>, signal: AbortSignal): Promise<void> {
    const { clock, connections } = this.#options
    await sleep(clock, onItsWayMs(await connections.list(sandboxId, ports)), signal)
    for (;;) {
      const busyMs = busyMsOf(await connections.list(sandboxId, ports))
      if (busyMs <= 0 || signal.aborted) return
      await sleep(clock, Math.min(busyMs, LOOK_AGAIN_MS), signal)
    }
  }
}
