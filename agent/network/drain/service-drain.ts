import type { Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { type Clock, sleep } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import type { PodDrainer } from '../../pods/pod-drain.ts'
import type { NetworkView } from '../network-state.ts'
import type { PodWithdrawals } from '../pod-withdrawals.ts'
import { servedPorts } from './served-ports.ts'

/** The connections of a Pod. */
export interface PodConnections {
  /** How long until those to these ports may be at rest, if nothing happens on them; 0: they are. */
  busyMs(sandboxId: string, ports: ReadonlySet<number>): Promise<number>
}

export interface ServiceDrainOptions {
  withdrawals: PodWithdrawals
  network: Pick<NetworkView, 'snapshot'>
  connections: PodConnections
  clock: Clock
  log: Logger
}

/** For what was sent to the Pod just before, and is on its way: also on a link across a continent. */
const ON_ITS_WAY_MS = 300

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
    await sleep(clock, ON_ITS_WAY_MS, signal)
    for (;;) {
      const busyMs = await connections.busyMs(sandboxId, ports)
      if (busyMs <= 0 || signal.aborted) return
      await sleep(clock, busyMs, signal)
    }
  }
}
