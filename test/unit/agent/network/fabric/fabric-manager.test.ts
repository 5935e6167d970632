import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FabricManager } from '../../../../../agent/network/fabric/fabric-manager.ts'
import type { FabricPeer, FabricState } from '../../../../../agent/network/fabric/fabric-state.ts'
import type { AddressNews } from '../../../../../agent/network/netlink/address-news.ts'
import { SocketRelays } from '../../../../../agent/network/socket-relays.ts'
import { RuntimeFailure } from '../../../../../agent/runtime/runtime.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import { FakeKernel } from '../../../../support/fake-kernel.ts'
import { FakeRuntime } from '../../../../support/fake-runtime.ts'
import { seededRandom } from '../../../../support/seeded-random.ts'
import { shortcutsIn } from '../../../../support/shortcuts-in.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const CLUSTER = 'abcdefghijkl'
const BRIDGE = 'kbb-abcdefgh'
const TUNNEL = 'kbv-abcdefgh'
const PEER: FabricPeer = { name: 'b', podCIDRs: ['10.42.1.0/24'], address: '192.0.2.2' }
const NEIGHBOUR: FabricPeer = { name: 'c', podCIDRs: ['10.42.2.0/24'], address: '192.0.2.1' }
const NO_DNS = { servers: [], searches: [], options: [] }
const POD = { namespace: 'default', name: 'web' }

describe('FabricManager', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let machine: FakeKernel
  let inside: FakeKernel
  let namespaces: Map<string, FakeKernel>
  let folder: string
  let manager: FabricManager
  let gateways: string[]
  let heard: AddressNews[]

  beforeEach(async () => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    machine = new FakeKernel()
    machine.uplink = machine.addLink({ name: 'eth0', mtu: 1_400 }).index
    machine.addresses.set('192.0.2.1', machine.uplink)
    namespaces = new Map()
    inside = new FakeKernel()
    inside.addLink({ name: 'eth0', mtu: 1_350 })
    folder = mkdtempSync(join(tmpdir(), 'kubette-fabric-'))
    gateways = []
    heard = []
    manager = newManager()
    await manager.start()
    // Docker makes the bridge together with the network.
    const ensure = runtime.ensurePodNetwork.bind(runtime)
    runtime.ensurePodNetwork = async (network) => {
      const found = await ensure(network)
      if (!machine.link(BRIDGE)) machine.addLink({ name: BRIDGE, mtu: found.mtu })
      return found
    }
  })
  afterEach(async () => {
    await manager.stop()
    rmSync(folder, { recursive: true })
  })

  const newManager = (takesShortcuts?: boolean) => {
    const isUplink = (id: string) => runtime.networkContainersByName.get('uplink')?.state.id === id
    return new FabricManager({
      ...{ runtime, clusterId: CLUSTER, path: join(folder, 'network.json'), clock, random: seededRandom(1) },
      relays: new SocketRelays(async (id) => (isUplink(id) ? machine : (namespaces.get(id) ?? inside)).relay()),
      ...{ log: silentLogger, takesShortcuts },
      onAddress: (news) => heard.push(news),
      onGateway: (id) => gateways.push(id),
    })
  }
  const state = (peers: FabricPeer[] = [], podCIDR: string | undefined = '10.42.0.0/24'): FabricState => ({
    ...{ clusterCIDR: '10.42.0.0/16', serviceCIDR: '10.43.0.0/16', peers },
    own: { ...(podCIDR ? { podCIDR } : {}), address: '192.0.2.1' },
  })
  const update = async (next: FabricState) => {
    manager.update(next)
    await clock.advance(1_000)
  }
  const run = async (uid: string) => {
    const spec = { hostname: 'a', hosts: [], ports: [], hostNetwork: false, volumes: [] }
    return runtime.runSandbox({ ...spec, pod: { ...POD, uid }, address: await manager.take(uid) })
  }
  const containers = async () =>
    (await runtime.networkContainers()).filter(({ running }) => running).map(({ name }) => name)
  const shortcuts = () => shortcutsIn(machine.netfilter, 'kubette-abcdefgh-10.42.0.0')
  const sendsTo = () => [...(machine.rows.get(machine.link(TUNNEL)?.index ?? 0) ?? [])].sort()

  it('makes one network for all addresses of the cluster, that fits what leads to others', async () => {
    expect(manager.condition).toMatchObject({ isAvailable: false, reason: 'NoPodCIDR' })
    await update(state([NEIGHBOUR]))
    expect(runtime.network).toEqual({
      ...{ name: 'kubette-abcdefgh', bridge: BRIDGE, subnet: '10.42.0.0/15', gateway: '10.42.0.1', mtu: 1_350 },
    })
    expect(manager.condition).toMatchObject({ isAvailable: true, reason: 'PodNetworkIsUp' })
    expect((await containers()).sort()).toEqual(['gateway', 'uplink'])
    expect(machine.link(TUNNEL)).toBeUndefined()
  })

  it('has a gateway that answers this machine alone for Services', async () => {
    await update(state())
    const gateway = runtime.networkContainersByName.get('gateway')
    expect(gateway?.state.ip).toBe('10.42.0.2')
    expect(gateways).toEqual([gateway?.state.id])
    expect(inside.rules).toEqual(['10.42.0.1', '192.0.2.1'])
  })

  it('links sandboxes, those of an earlier agent too, and mends their links', async () => {
    await update(state())
    const linked = async (uid: string) => {
      const spec = { hostname: 'a', hosts: [], ports: [], hostNetwork: false, volumes: [], dns: NO_DNS }
      const address = await manager.take(uid)
      const sandbox = await runtime.runSandbox({ ...spec, pod: { ...POD, uid }, address, linkedBy: 'agent' })
      const kernel = new FakeKernel()
      machine.processes.set(sandbox.process ?? 0, kernel)
      namespaces.set(sandbox.id, kernel)
      return { sandbox, kernel }
    }
    const first = await linked('a')
    await manager.join(first.sandbox)
    expect([...first.kernel.addresses.keys()]).toEqual(['10.42.0.4'])
    const second = await linked('b')
    await manager.stop()
    manager = newManager()
    await manager.start()
    expect([...second.kernel.addresses.keys()]).toEqual(['10.42.0.5'])
    await clock.advance(1_000)
    second.kernel.removeLink('eth0')
    await clock.advance(1_000)
    expect(second.kernel.link('eth0')).toBeDefined()
    manager.leave(second.sandbox.id)
    second.kernel.removeLink('eth0')
    await clock.advance(120_000)
    expect(second.kernel.link('eth0')).toBeUndefined()
  })

  it('gives each sandbox another address of the node’s range, and none that somebody has', async () => {
    await update(state())
    expect((await run('a')).ip).toBe('10.42.0.4')
    expect((await run('b')).ip).toBe('10.42.0.5')
    manager.release('a')
    expect(await manager.take('c')).toBe('10.42.0.6')
    expect((await run('c')).ip).toBe('10.42.0.7')
    await manager.stop()
    manager = newManager()
    await manager.start()
    expect(await manager.take('d')).toBe('10.42.0.8')
  })

  it('gives addresses of another range when the node has got another one', async () => {
    await update(state())
    await run('a')
    await update(state([], '10.42.7.0/24'))
    expect(await manager.take('b')).toBe('10.42.7.4')
    expect(runtime.networkContainersByName.get('gateway')?.state.ip).toBe('10.42.7.2')
    expect((await runtime.list()).sandboxes[0]?.ip).toBe('10.42.0.4')
  })

  it('says that all addresses are taken', async () => {
    await update(state([], '10.42.9.0/29'))
    for (const uid of ['a', 'b', 'c']) await run(uid)
    await expect(run('d')).rejects.toThrow('no address is free in 10.42.9.0/29')
  })

  it('sends to each other machine once, whatever becomes of their addresses', async () => {
    await update(state([PEER, { ...PEER, name: 'b2' }, NEIGHBOUR]))
    expect(machine.link(TUNNEL)).toMatchObject({ mtu: 1_350, master: machine.link(BRIDGE)?.index })
    expect(sendsTo()).toEqual(['192.0.2.2'])
    await update(
      state([
        { ...PEER, address: '192.0.2.3' },
        { name: 'd', podCIDRs: [], address: '192.0.2.9' },
      ]),
    )
    expect(sendsTo()).toEqual(['192.0.2.3', '192.0.2.9'])
    await update(state([NEIGHBOUR]))
    expect(machine.link(TUNNEL)).toBeUndefined()
    expect((await containers()).sort()).toEqual(['gateway', 'uplink'])
  })

  it('forgets at once who was on a machine that has another address', async () => {
    await update(state([PEER]))
    const learnt = new Map([['02:42:0a:2a:01:04', '192.0.2.2']])
    machine.learnt.set(machine.link(TUNNEL)?.index ?? 0, learnt)
    await clock.advance(120_000)
    expect(learnt.size).toBe(1)
    await update(state([{ ...PEER, address: '192.0.2.3' }]))
    expect(sendsTo()).toEqual(['192.0.2.3'])
    expect(learnt.size).toBe(0)
  })

  it('hears of addresses of the machine that come and go', async () => {
    await update(state([PEER]))
    machine.addAddress('192.0.2.77', machine.uplink)
    machine.removeAddress('192.0.2.1')
    expect(heard).toEqual([
      { address: '192.0.2.77', isGone: false },
      { address: '192.0.2.1', isGone: true },
    ])
  })

  it('makes the tunnel again with its own new address', async () => {
    await update(state([PEER]))
    const before = machine.link(TUNNEL)
    machine.addresses.set('192.0.2.77', machine.uplink)
    await update({ ...state([PEER]), own: { podCIDR: '10.42.0.0/24', address: '192.0.2.77' } })
    expect(machine.link(TUNNEL)?.index).not.toBe(before?.index)
    expect(sendsTo()).toEqual(['192.0.2.2'])
  })

  it('mends what somebody took away', async () => {
    await update(state([PEER]))
    machine.removeLink(TUNNEL)
    await clock.advance(1_000)
    expect(sendsTo()).toEqual(['192.0.2.2'])
    machine.removeLink(BRIDGE)
    const bridge = machine.addLink({ name: BRIDGE, mtu: 1_350 })
    await clock.advance(1_000)
    expect(machine.link(TUNNEL)?.master).toBe(bridge.index)
    runtime.killNetworkContainer('uplink')
    machine.endRelays()
    runtime.killNetworkContainer('gateway')
    await clock.advance(2_000)
    expect((await containers()).sort()).toEqual(['gateway', 'uplink'])
    expect(gateways).toHaveLength(2)
    expect(inside.rules).toHaveLength(4)
  })

  it('leaves what another agent of the machine has added, until it hears more itself', async () => {
    await update(state([PEER]))
    machine.rows.get(machine.link(TUNNEL)?.index ?? 0)?.add('192.0.2.50')
    await clock.advance(120_000)
    expect(sendsTo()).toEqual(['192.0.2.2', '192.0.2.50'])
    await update(state([PEER]))
    expect(sendsTo()).toEqual(['192.0.2.2'])
  })

  it('lets links that were made for another MTU follow', async () => {
    await update(state())
    const port = machine.addLink({ name: 'veth1', mtu: 1_350, master: machine.link(BRIDGE)?.index ?? 0 })
    await run('a')
    const eth0 = machine.link('eth0')
    if (eth0) eth0.mtu = 9_000
    await update(state([PEER]))
    expect([port.mtu, machine.link(BRIDGE)?.mtu, machine.link(TUNNEL)?.mtu, inside.link('eth0')?.mtu]).toEqual(
      Array(4).fill(8_950),
    )
    const late = machine.addLink({ name: 'veth2', mtu: 1_350, master: machine.link(BRIDGE)?.index ?? 0 })
    await clock.advance(1_000)
    expect(late.mtu).toBe(8_950)
    machine.setMtu('eth0', 1_500)
    await clock.advance(1_000)
    expect([port.mtu, inside.link('eth0')?.mtu]).toEqual([1_450, 1_450])
  })

  /** Has the link in a namespace lead to one of the machine with that name. */
  const plugInto = (namespace: FakeKernel, name: string) => {
    const port = machine.addLink({ name, mtu: 1_350, master: machine.link(BRIDGE)?.index ?? 0 })
    Object.assign(namespace.link('eth0') ?? namespace.addLink({ name: 'eth0', mtu: 1_350 }), { other: port.index })
  }
  const plug = (containerId: string, name: string) => {
    const namespace = new FakeKernel()
    plugInto(namespace, name)
    namespaces.set(containerId, namespace)
  }

  it('spares packets between its Pods and forwarders, and other machines, the way over the bridge', async () => {
    await update(state([PEER, NEIGHBOUR]))
    const [first, second] = [await run('a'), await run('b')]
    plug(first.id, 'veth1')
    await manager.join(first)
    await clock.advance(1_000)
    plug(second.id, 'veth2')
    await manager.join(second)
    plug('port', 'veth3')
    manager.shortcuts.cover({ id: 'port', ip: '10.42.0.9', publishedPorts: [80] })
    await clock.advance(1_000)
    expect(shortcuts()).toEqual({
      hooks: [TUNNEL, 'veth1', 'veth2', 'veth3'],
      pods: ['10.42.0.4', '10.42.0.5'],
      forwarders: ['10.42.0.9'],
      ends: ['10.42.0.4', '10.42.0.5', '10.42.0.9'],
      ranges: ['10.42.1.0'],
    })
    manager.leave(first.id)
    manager.shortcuts.uncover('port')
    await clock.advance(1_000)
    expect(shortcuts()).toMatchObject({ hooks: [TUNNEL, 'veth2'], pods: ['10.42.0.5'], forwarders: [] })
    await update(state([NEIGHBOUR]))
    const pods = ['10.42.0.5']
    expect(shortcuts()).toEqual({ hooks: ['veth2'], pods, forwarders: [], ends: pods, ranges: [] })
  })

  it('spares what goes through the gateway, too, and through the next one', async () => {
    await update(state())
    const [first = ''] = gateways
    plugInto(inside, 'veth1')
    await clock.advance(60_000)
    expect(shortcuts()).toMatchObject({ hooks: ['veth1'], forwarders: ['10.42.0.2'] })
    await runtime.removeNetworkContainer(first)
    machine.removeLink('veth1')
    plugInto(inside, 'veth2')
    await clock.advance(60_000)
    expect(shortcuts()).toMatchObject({ hooks: ['veth2'], forwarders: ['10.42.0.2'] })
  })

  it('takes over the shortcuts of an earlier agent’s Pods, and does without where the kernel has none', async () => {
    await update(state([PEER]))
    plug((await run('a')).id, 'veth1')
    await manager.stop()
    machine.netfilter.tables.clear()
    machine.netfilter.errno = 95
    manager = newManager()
    await manager.start()
    await clock.advance(1_000)
    expect(manager.condition.isAvailable).toBe(true)
    machine.netfilter.errno = 0
    await clock.advance(60_000)
    expect(shortcuts()).toMatchObject({ hooks: [TUNNEL, 'veth1'], pods: ['10.42.0.4'] })
  })

  it('takes away the shortcuts of an earlier agent where none are wanted, but not those of the machine’s other nodes', async () => {
    await update(state([PEER]))
    machine.netfilter.tables.set('kubette-abcdefgh-10.42.2.0', [])
    expect(shortcuts()).toMatchObject({ hooks: [TUNNEL] })
    await manager.stop()
    manager = newManager(false)
    await manager.start()
    await manager.join(await run('a'))
    await clock.advance(1_000)
    expect([...machine.netfilter.tables.keys()]).toEqual(['kubette-abcdefgh-10.42.2.0'])
    expect(machine.link(TUNNEL)).toBeDefined()
  })

  it('goes by what an earlier agent was told while the control plane is away', async () => {
    await update(state([PEER]))
    await manager.stop()
    runtime.powerCut()
    runtime.networkContainersByName.clear()
    machine.removeLink(TUNNEL)
    manager = newManager()
    await manager.start()
    expect(await manager.take('a')).toBe('10.42.0.4')
    await clock.advance(1_000)
    expect(sendsTo()).toEqual(['192.0.2.2'])
  })

  it('makes a bridge again that was deleted, and has on it what Docker had put there', async () => {
    await update(state([PEER]))
    const port = machine.addLink({ name: 'veth1', mtu: 1_350, master: machine.link(BRIDGE)?.index ?? 0 })
    Object.assign(inside.link('eth0') ?? {}, { other: port.index })
    machine.removeLink(BRIDGE)
    const { ensurePodNetwork } = FakeRuntime.prototype
    runtime.ensurePodNetwork = ensurePodNetwork.bind(runtime)
    await clock.advance(1_000)
    const bridge = machine.link(BRIDGE)
    expect(bridge?.mtu).toBe(1_350)
    expect(machine.addresses.get('10.42.0.1')).toBe(bridge?.index)
    expect([machine.link('veth1')?.master, machine.link(TUNNEL)?.master]).toEqual([bridge?.index, bridge?.index])
    expect(manager.condition.isAvailable).toBe(true)
    // Another agent of the machine is faster.
    machine.removeLink(BRIDGE)
    machine.addLink({ name: BRIDGE, mtu: 1_350 })
    await clock.advance(1_000)
    expect(machine.link('veth1')?.master).toBe(machine.link(BRIDGE)?.index)
  })

  it('says why Pods have no network, and lets them wait for it', async () => {
    const refusing = (times: number) =>
      runtime.failNext('ensurePodNetwork', new RuntimeFailure('conflict', 'network x has 10.42.0.0/15'), times)
    refusing(100)
    const taken = manager.take('a')
    manager.update(state())
    await clock.advance(2_000)
    const message = 'network x has 10.42.0.0/15'
    expect(manager.condition).toEqual({ isAvailable: false, reason: 'PodNetworkFailed', message })
    const refused = expect(taken).rejects.toThrow(`network is not ready: ${message}`)
    await clock.advance(3_500)
    await refused
    refusing(0)
    const waiting = manager.take('a')
    await clock.advance(4_900)
    expect(await waiting).toBe('10.42.0.4')
    expect(manager.condition.isAvailable).toBe(true)
  })

  it('does not tell of what is mended soon', async () => {
    await update(state())
    runtime.failNext('networkContainers', undefined, 3)
    runtime.killNetworkContainer('gateway')
    await clock.advance(5_000)
    expect(manager.condition.isAvailable).toBe(true)
    runtime.failNext('networkContainers', undefined, 100)
    runtime.killNetworkContainer('gateway')
    await clock.advance(30_000)
    expect(manager.condition).toMatchObject({ isAvailable: false, message: 'networkContainers failed' })
  })
})
