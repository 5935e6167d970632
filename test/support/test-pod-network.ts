import type { PodNetwork } from '../../agent/network/pod-network.ts'
import { type Runtime, RuntimeFailure } from '../../agent/runtime/runtime.ts'

const TRIES = 30

/**
 * Gives a test's runtime a network of its own, with a range of 256 addresses that nobody has: others use the same Docker
 * at the same time. `name` must be unique on it, and short.
 */
export async function joinTestNetwork(runtime: Pick<Runtime, 'ensurePodNetwork'>, name: string): Promise<PodNetwork> {
  for (let tries = 0; ; tries++) {
    const prefix = `10.${176 + Math.floor(Math.random() * 48)}.${Math.floor(Math.random() * 256)}`
    const range = { subnet: `${prefix}.0/24`, gateway: `${prefix}.1`, mtu: 1450 }
    const network = { name: `kubette-test-${name}`, bridge: `kbb-${name}`.slice(0, 15), ...range }
    try {
      return await runtime.ensurePodNetwork(network)
    } catch (error) {
      if (!(error instanceof RuntimeFailure) || tries === TRIES) throw error
    }
  }
}
