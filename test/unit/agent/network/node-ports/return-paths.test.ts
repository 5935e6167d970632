import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NetworkState } from '../../../../../agent/network/network-state.ts'
import { ReturnPaths } from '../../../../../agent/network/node-ports/return-paths.ts'
import { SocketRelays } from '../../../../../agent/network/socket-relays.ts'
import type { SandboxState } from '../../../../../agent/runtime/runtime.ts'
import type { SocketRelay } from '../../../../../agent/runtime/socket-relay.ts'
import type { ServiceSpec } from '../../../../../shared/api/generated/core-v1.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import { FakeKernel } from '../../../../support/fake-kernel.ts'
import { FakeNetfilter } from '../../../../support/fake-netfilter.ts'
import { FakeRuntime } from '../../../../support/fake-runtime.ts'
import { aService, networkFrame } from '../../../../support/network-objects.ts'
import { settle, VirtualClock } from '../../../../support/virtual-clock.ts'

const LOCAL: ServiceSpec = { type: 'NodePort', externalTrafficPolicy: 'Local' }
const log = silentLogger

/** A sandbox's network namespace. */
class Namespace {
  readonly kernel = new FakeKernel()
  readonly netfilter = new FakeNetfilter()
  end = () => {}

  relay(): SocketRelay {
    const [routes, rules] = [this.kernel.relay(), this.netfilter.relay()]
    const closed = new Promise<void>((resolve) => {
      this.end = resolve
    })
    return { ...routes, netlink: (protocol) => (protocol === 0 ? routes : rules).netlink(protocol), closed }
  }

  /** Which neighbors answers go through, and how often that was written. */
  get state(): [string[], number] {
    return [[...this.kernel.marked], this.netfilter.transactions.length]
  }
}

describe('ReturnPaths', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let network: NetworkState
  let namespaces: Map<string, Namespace>
  let paths: ReturnPaths
  let revision = 0

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    network = new NetworkState({ clock, log })
    namespaces = new Map()
    const relays = new SocketRelays(async (id) => namespaceOf(id).relay())
    paths = new ReturnPaths({ network, runtime, relays, clock, log })
    paths.start()
  })

  afterEach(() => paths.stop())

  function namespaceOf(id: string): Namespace {
    const namespace = namespaces.get(id) ?? new Namespace()
    namespaces.set(id, namespace)
    return namespace
  }

  async function aSandbox(name: string): Promise<SandboxState> {
    const pod = { uid: name, namespace: 'default', name }
    return runtime.runSandbox({ pod, hostname: name, hosts: [], ports: [], hostNetwork: false, volumes: [] })
  }

  const publish = (service: string, address: string) =>
    runtime.runNetworkContainer({ name: `node-ports-uid-${service}.30080t`, network: { address } })

  async function tell(of: Record<string, ServiceSpec>): Promise<void> {
    revision++
    network.apply([networkFrame(Object.entries(of).map(([name, spec]) => aService(name, spec, revision)))])
    await settle()
  }

  it('has Pods answer through what publishes ports of Services with the policy Local, as it comes and goes', async () => {
    const { id } = await aSandbox('web')
    await publish('local', '10.244.0.70')
    await publish('all', '10.244.0.71')
    await tell({ local: LOCAL, all: { type: 'NodePort' } })
    expect(namespaceOf(id).state).toEqual([['10.244.0.70'], 1])
    const other = await runtime.runNetworkContainer({
      ...{ name: 'node-ports-uid-local.30081t', network: { address: '10.244.0.72' } },
    })
    await settle()
    expect(namespaceOf(id).state).toEqual([['10.244.0.70', '10.244.0.72'], 2])
    await runtime.removeNetworkContainer(other)
    await settle()
    expect(namespaceOf(id).state).toEqual([['10.244.0.70'], 3])
    await tell({ local: { type: 'NodePort' } })
    expect(namespaceOf(id).state).toEqual([[], 4])
  })

  it('knows a new Pod once it is asked to', async () => {
    await publish('local', '10.244.0.70')
    await tell({ local: LOCAL })
    const { id } = await aSandbox('web')
    await paths.renew()
    expect(namespaceOf(id).state).toEqual([['10.244.0.70'], 1])
    await paths.renew()
    expect(namespaceOf(id).state[1]).toBe(1)
  })

  it('writes anew what may have another namespace, and what could not be written', async () => {
    const { id } = await aSandbox('web')
    await publish('local', '10.244.0.70')
    namespaceOf(id).netfilter.errno = 16
    await tell({ local: LOCAL })
    expect(namespaceOf(id).state[1]).toBe(0)
    namespaceOf(id).netfilter.errno = 0
    await clock.advance(2_000)
    expect(namespaceOf(id).state[1]).toBe(1)
    namespaceOf(id).end()
    await settle()
    expect(namespaceOf(id).state[1]).toBe(2)
  })

  it('asks for nothing where no Service has the policy', async () => {
    await aSandbox('web')
    await publish('all', '10.244.0.71')
    runtime.calls.length = 0
    await tell({ all: { type: 'NodePort' } })
    await paths.renew()
    expect(runtime.calls).toEqual([])
  })
})
