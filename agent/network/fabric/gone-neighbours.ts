import type { Clock } from '../../../shared/clock.ts'
import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { FabricState } from './fabric-state.ts'

export interface GoneNeighboursOptions {
  runtime: Pick<Runtime, 'networkContainers' | 'removeNetworkContainer'>
  clock: Clock
  log: Logger
}

/** A node that comes back has its range again long before. */
const PATIENCE_MS = 60_000

/**
 * Removes the gateways, and what else has an address in the Pods' network, of nodes that were on this machine and are gone from
 * the cluster: they would go on by the rules that they had last. An agent that lives all the same makes its own again.
 */
export class GoneNeighbours {
  readonly #options: GoneNeighboursOptions
  /** Since when containers are nobody's, monotonic, by their ids. */
  readonly #strays = new Map<string, number>()

  constructor(options: GoneNeighboursOptions) {
    this.#options = options
  }

  /** `isNews`: the control plane has just told all nodes. Only by that a container becomes nobody's: what is known may be old. */
  async clear(state: FabricState, isNews: boolean): Promise<void> {
    if (!isNews && this.#strays.size === 0) return
    const { runtime, clock } = this.#options
    const containers = await runtime.networkContainers('machine')
    const strays = containers.filter(({ ip }) => ip !== undefined && !isInRangeOfNode(ip, state))
    const ids = new Set(strays.map(({ id }) => id))
    for (const id of this.#strays.keys()) if (!ids.has(id)) this.#strays.delete(id)
    for (const { id, name } of strays) {
      const sinceMs = this.#strays.get(id)
      if (sinceMs !== undefined && clock.monotonic() - sinceMs >= PATIENCE_MS) await this.#remove(id, name)
      else if (sinceMs === undefined && isNews) this.#strays.set(id, clock.monotonic())
    }
  }

  async #remove(id: string, name: string): Promise<void> {
    const { runtime, log } = this.#options
    try {
      await runtime.removeNetworkContainer(id)
      log.info({ container: id, name }, 'removed what a node that is gone from the cluster had left on this machine')
    } catch (err) {
      // Another agent of the machine may be at it.
      log.warn({ err, container: id, name }, 'could not remove what a node that is gone had left on this machine')
    }
  }
}

function isInRangeOfNode(address: string, { own, peers }: FabricState): boolean {
  const ranges = [own.podCIDR, ...peers.flatMap(({ podCIDRs }) => podCIDRs)]
  return ranges.some((range) => range !== undefined && Ipv4Range.tryParse(range)?.placeOf(address) !== undefined)
}
