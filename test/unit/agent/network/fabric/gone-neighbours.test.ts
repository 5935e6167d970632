import { expect, it } from 'vitest'
import type { FabricState } from '../../../../../agent/network/fabric/fabric-state.ts'
import { GoneNeighbours } from '../../../../../agent/network/fabric/gone-neighbours.ts'
import type { NetworkContainer, NetworkScope } from '../../../../../agent/runtime/runtime.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const container = (id: string, ip?: string): NetworkContainer => ({
  ...{ id, name: 'gateway', running: true },
  ...(ip === undefined ? {} : { ip }),
})
const state = (...podCIDRs: string[]): FabricState => ({
  ...{ clusterCIDR: '10.42.0.0/16', serviceCIDR: '10.43.0.0/16', own: { podCIDR: '10.42.0.0/24' } },
  peers: podCIDRs.map((range) => ({ name: range, podCIDRs: [range] })),
})
const ALL = state('10.42.1.0/24', '10.42.2.0/24')
const WITHOUT_SECOND = state('10.42.1.0/24')

function setUp() {
  const clock = new VirtualClock()
  const asked: (NetworkScope | undefined)[] = []
  let containers = [
    ...[container('own', '10.42.0.2'), container('first', '10.42.1.2'), container('second', '10.42.2.2')],
    container('uplink'),
  ]
  const runtime = {
    networkContainers: async (scope?: NetworkScope) => {
      asked.push(scope)
      return containers
    },
    removeNetworkContainer: async (id: string) => {
      containers = containers.filter((each) => each.id !== id)
    },
  }
  const neighbours = new GoneNeighbours({ runtime, clock, log: silentLogger })
  return { clock, neighbours, asked, ids: () => containers.map(({ id }) => id) }
}

it('removes what a node has left that the control plane does not name any more', async () => {
  const { clock, neighbours, asked, ids } = setUp()
  await neighbours.clear(ALL, true)
  await neighbours.clear(WITHOUT_SECOND, true)
  expect(ids()).toContain('second')
  await clock.advance(60_000)
  await neighbours.clear(WITHOUT_SECOND, false)
  expect(ids()).toEqual(['own', 'first', 'uplink'])
  await neighbours.clear(WITHOUT_SECOND, false)
  expect(asked).toEqual(['machine', 'machine', 'machine', 'machine'])
  await neighbours.clear(WITHOUT_SECOND, false)
  expect(asked).toHaveLength(4)
})

it('leaves what is of a node that comes back, or that only an old state does not name', async () => {
  const { clock, neighbours, asked, ids } = setUp()
  await neighbours.clear(WITHOUT_SECOND, false)
  await clock.advance(120_000)
  await neighbours.clear(WITHOUT_SECOND, false)
  expect(asked).toEqual([])
  await neighbours.clear(WITHOUT_SECOND, true)
  await neighbours.clear(ALL, true)
  await clock.advance(120_000)
  await neighbours.clear(WITHOUT_SECOND, true)
  await neighbours.clear(ALL, true)
  expect(ids()).toContain('second')
})
