import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NetworkState } from '../../../../../agent/network/network-state.ts'
import { NodePorts } from '../../../../../agent/network/node-ports/node-ports.ts'
import { SocketRelays } from '../../../../../agent/network/socket-relays.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import { FakeKernel } from '../../../../support/fake-kernel.ts'
import { FakeRuntime } from '../../../../support/fake-runtime.ts'
import { networkFrame } from '../../../../support/network-objects.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const log = silentLogger

describe('NodePorts', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let network: NetworkState
  let nodePorts: NodePorts

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    network = new NetworkState({ clock, log })
    nodePorts = new NodePorts({
      nodeName: 'node-1',
      network,
      runtime,
      relays: new SocketRelays(async () => new FakeKernel().relay()),
      addresses: { take: async () => '10.42.1.9', release: () => {} },
      links: { sysctls: {} },
      rules: { coverNodePorts: () => {}, uncover: () => {} },
      shortcuts: { cover: () => {}, uncover: () => {} },
      returns: { renew: async () => {} },
      healthChecks: { serve: () => {}, end: () => {} },
      reporter: { event: () => {} },
      clock,
      log,
    })
    nodePorts.start()
  })

  afterEach(() => nodePorts.stop())

  it('keeps what an earlier agent published until it is known what is wanted', async () => {
    await runtime.runNetworkContainer({ name: 'node-ports-uid-old.30080t', network: { address: '10.42.1.5' } })
    await clock.advance(60_000)
    expect(await runtime.networkContainers()).toHaveLength(1)
    network.apply([networkFrame([])])
    await clock.advance(1_000)
    expect(await runtime.networkContainers()).toEqual([])
  })
})
