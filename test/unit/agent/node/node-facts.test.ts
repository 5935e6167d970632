import { beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_EVICTION_POLICY } from '../../../../agent/eviction/eviction-policy.ts'
import { parseEvictionThresholds } from '../../../../agent/eviction/eviction-threshold.ts'
import type { Machine } from '../../../../agent/node/machine.ts'
import { NodeFacts, type NodeFactsOptions } from '../../../../agent/node/node-facts.ts'
import type { OtherContainer } from '../../../../agent/runtime/runtime.ts'
import { sleep } from '../../../../shared/clock.ts'
import { silentLogger } from '../../../../shared/log.ts'
import type { NodeReport } from '../../../../shared/protocol/frames.ts'
import { parseUnits } from '../../../../shared/quantity.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('NodeFacts', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let machine: Machine

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    machine = { machineId: 'm1', disk: { totalBytes: 100 * 2 ** 30, availableBytes: 50 * 2 ** 30 } }
  })

  const base = (): NodeFactsOptions => ({
    ...{ runtime, clock, nodeName: 'n1', version: '0.1.0', log: silentLogger },
    readMachine: async () => machine,
  })
  const facts = (more: Partial<NodeFactsOptions> = {}) => new NodeFacts({ ...base(), address: '192.0.2.4', ...more })
  const condition = ({ status }: NodeReport, type: string) => status.conditions?.find((one) => one.type === type)

  it('looks before long where addresses change, once for several', async () => {
    const told: (string | undefined)[] = []
    let looks = 0
    const readMachine = async () => ({ ...machine, address: `192.0.2.${++looks}` })
    const node = new NodeFacts({ ...base(), readMachine })
    await node.start(({ status }) => told.push(status.addresses?.[0]?.address))
    node.addressesChanged()
    node.addressesChanged()
    await clock.advance(1_000)
    expect(told).toEqual(['192.0.2.2'])
    node.stop()
  })

  it('looks for its addresses once a minute, and whenever it is told of some', async () => {
    const known: (string | undefined)[] = []
    const node = new NodeFacts({
      ...base(),
      readMachine: async (_, identity) => {
        known.push(identity?.address)
        return { ...machine, address: '192.0.2.4' }
      },
    })
    await node.start(() => {})
    await clock.advance(60_000)
    const before = '192.0.2.4'
    expect(known).toEqual([undefined, before, before, before, before, before, undefined])
    node.addressesChanged()
    await clock.advance(1_000)
    expect(known.slice(7)).toEqual([undefined])
    node.stop()
  })

  it('looks at one time only once, also while the runtime hangs', async () => {
    let [now, most, looks] = [0, 0, 0]
    const version = runtime.version.bind(runtime)
    runtime.version = async () => {
      most = Math.max(most, ++now)
      looks++
      await sleep(clock, 25_000)
      now--
      return version()
    }
    const node = facts()
    void node.start(() => {})
    await clock.advance(60_000)
    void node.look()
    await clock.advance(60_000)
    expect(most).toBe(1)
    expect(looks).toBeLessThan(6)
    node.stop()
  })

  it('tells what the machine and its runtime are', async () => {
    const { labels, status } = await facts({ labels: { disk: 'ssd' } }).refresh()
    expect(labels).toEqual({
      'kubernetes.io/hostname': 'n1',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      disk: 'ssd',
    })
    expect(status.capacity).toEqual({ cpu: '4', memory: '8388608Ki', 'ephemeral-storage': '104857600Ki', pods: '110' })
    expect(status.allocatable).toEqual({ ...status.capacity, memory: '8286208Ki', 'ephemeral-storage': '102760448Ki' })
    expect(status.addresses).toEqual([
      { type: 'InternalIP', address: '192.0.2.4' },
      { type: 'Hostname', address: 'n1' },
    ])
    expect(status.nodeInfo).toMatchObject({
      containerRuntimeVersion: 'fake://1.0.0',
      kubeletVersion: 'v1.36.0-kubette.0.1.0',
      architecture: 'amd64',
      operatingSystem: 'linux',
      machineID: 'm1',
    })
    expect(status.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'MemoryPressure=False',
      'DiskPressure=False',
      'PIDPressure=False',
      'Ready=True',
    ])
  })

  it('says at once when Pods have a network, or none', async () => {
    const told: NodeReport[] = []
    const network = { isAvailable: false, reason: 'PodNetworkFailed', message: 'taken' }
    const node = facts({ network: () => network })
    await node.start((report) => told.push(report))
    const first = { type: 'NetworkUnavailable', status: 'True', reason: 'PodNetworkFailed', message: 'taken' }
    expect(condition(node.current(), 'NetworkUnavailable')).toMatchObject(first)
    node.networkChanged()
    expect(told).toEqual([])
    Object.assign(network, { isAvailable: true, reason: 'PodNetworkIsUp', message: 'up' })
    node.networkChanged()
    expect(told.map((report) => condition(report, 'NetworkUnavailable')?.status)).toEqual(['False'])
    node.stop()
  })

  it('tells which images have nothing for it, while that is so', async () => {
    let unfit = ['app:1']
    const node = facts({ unfitImages: () => unfit })
    expect(await node.refresh()).toMatchObject({ unfitImages: ['app:1'] })
    unfit = []
    expect(await node.refresh()).not.toHaveProperty('unfitImages')
  })

  it('offers what it was given instead of the whole machine', async () => {
    const capacity = { cpu: '1', memory: '1Gi', pods: '20' }
    const node = facts({ offer: { capacity, reserved: {}, extended: { 'example.com/dongle': 2 } } })
    await node.refresh()
    expect(node.current().status.capacity).toMatchObject({ ...capacity, 'example.com/dongle': '2' })
    expect(node.current().status.allocatable).toMatchObject({ pods: '20', 'example.com/dongle': '2' })
    expect(node.allocatable()).toMatchObject({ cpu: '1', memory: '946176Ki' })
    expect(node.hostIPs()).toEqual(['192.0.2.4'])
  })

  it('keeps back what is reserved, and what must stay free lest Pods be evicted', async () => {
    const reserved = { cpu: '500m', memory: '1Gi', 'ephemeral-storage': '10Gi' }
    const soft = { ...parseEvictionThresholds('memory.available<4Gi')[0]!, graceMs: 1000 }
    const thresholds = [soft, ...parseEvictionThresholds('memory.available<500Mi,nodefs.available<10%')]
    const node = facts({
      offer: { capacity: {}, reserved, extended: {} },
      eviction: { ...DEFAULT_EVICTION_POLICY, thresholds },
    })
    const { allocatable } = (await node.refresh()).status
    expect(allocatable).toMatchObject({ cpu: '3500m', memory: '6828032Ki', 'ephemeral-storage': '83886080Ki' })
    const greedy = facts({ offer: { capacity: {}, reserved: { memory: '9Gi' }, extended: {} } })
    expect((await greedy.refresh()).status.allocatable?.memory).toBe('0Ki')
  })

  describe('beside other containers', () => {
    const MIB = 2 ** 20
    const other = (id: string, more: Partial<OtherContainer> = {}): OtherContainer => ({
      ...{ id, isPods: false, cpuMilli: 0, memoryBytes: 0, isMeasured: false },
      ...more,
    })
    const mebibytes = (node: NodeFacts) => parseUnits(node.allocatable().memory ?? '0') / MIB
    /** Without what must stay free lest Pods be evicted. */
    const ALL = 8192 - 100

    it('does not offer what they hold', async () => {
      runtime.others = [other('a', { cpuMilli: 500, memoryBytes: 1000 * MIB }), other('b', { cpuMilli: 250 })]
      const node = facts()
      const { capacity } = (await node.refresh()).status
      expect(capacity).toMatchObject({ cpu: '4', memory: '8388608Ki' })
      expect(node.allocatable().cpu).toBe('3250m')
      expect(mebibytes(node)).toBe(ALL - 1000)
      runtime.others = [other('a', { cpuMilli: 64_000, memoryBytes: 2 ** 50 })]
      await clock.advance(1)
      for (let looks = 0; looks < 6; looks++) await node.refresh()
      expect(node.allocatable()).toMatchObject({ cpu: '0', memory: '0Ki' })
    })

    it('looks at them when their number changes, and once a minute', async () => {
      const node = facts()
      await node.start(() => undefined)
      const looks = () => runtime.calls.filter((call) => call === 'otherContainers').length
      await clock.advance(50_000)
      expect(looks()).toBe(1)
      await clock.advance(10_000)
      expect(looks()).toBe(2)
      runtime.others = [other('a', { cpuMilli: 1000 })]
      await clock.advance(10_000)
      expect([looks(), node.allocatable().cpu]).toEqual([3, '3'])
      node.stop()
    })

    it('waits only a moment where that hangs, and goes on where it fails', async () => {
      const node = facts()
      runtime.others = [other('a', { cpuMilli: 1000 })]
      runtime.hangNext('otherContainers')
      const looking = node.refresh()
      await clock.advance(2_000)
      expect(condition(await looking, 'Ready')?.status).toBe('True')
      expect(node.allocatable().cpu).toBe('4')
      const second = facts()
      runtime.failNext('otherContainers')
      expect(condition(await second.refresh(), 'Ready')?.status).toBe('True')
    })

    it('counts what it measures in steps, and does not follow every change', async () => {
      const node = facts()
      const using = async (memoryBytes: number) => {
        runtime.others = [other('a', { memoryBytes, isMeasured: true })]
        for (let looks = 0; looks < 6; looks++) await node.refresh()
        return ALL - mebibytes(node)
      }
      expect(await using(100 * MIB)).toBe(128)
      expect(await using(120 * MIB)).toBe(128)
      expect(await using(130 * MIB)).toBe(192)
      expect(await using(70 * MIB)).toBe(192)
      expect(await using(60 * MIB)).toBe(64)
      runtime.others = []
      await node.refresh()
      expect(mebibytes(node)).toBe(ALL)
    })

    it('bears its part where it offers a part of the machine, and leaves other nodes theirs', async () => {
      runtime.others = [
        other('a', { cpuMilli: 1000, memoryBytes: 1024 * MIB }),
        other('b', { cpuMilli: 2000, memoryBytes: 2048 * MIB, isPods: true }),
      ]
      const offering = async (capacity: Record<string, string>) => {
        const node = facts({ offer: { capacity, reserved: {}, extended: {} } })
        await node.refresh()
        return [node.allocatable().cpu, mebibytes(node)]
      }
      expect(await offering({ cpu: '1', memory: '2Gi' })).toEqual(['750m', 2048 - 100 - 256])
      expect(await offering({ pods: '10' })).toEqual(['1', ALL - 3072])
      expect(await offering({ cpu: '1' })).toEqual(['750m', ALL - 3072])
    })
  })

  it('is not ready before the runtime answered, and while it does not', async () => {
    const node = facts()
    expect(condition(node.current(), 'Ready')?.status).toBe('False')
    await node.refresh()
    runtime.setDown(true)
    await clock.advance(60_000)
    const down = await node.refresh()
    expect(condition(down, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'KubeletNotReady',
      message: 'container runtime is down: the runtime is down',
      lastTransitionTime: '2030-01-01T00:01:00Z',
    })
    expect(down.status.capacity?.cpu).toBe('4')
  })

  it('stays ready while the runtime is only restarted', async () => {
    const node = facts()
    await node.refresh()
    runtime.setDown(true)
    await clock.advance(29_000)
    expect(condition(await node.refresh(), 'Ready')?.status).toBe('True')
    await clock.advance(2_000)
    expect(condition(await node.refresh(), 'Ready')?.status).toBe('False')
  })

  it('tells where the machine is reached now', async () => {
    machine = { ...machine, address: '192.0.2.7' }
    const told: NodeReport[] = []
    const node = new NodeFacts({
      ...{ runtime, clock, nodeName: 'n1', version: '0.1.0', log: silentLogger },
      readMachine: async () => machine,
    })
    await node.start((report) => told.push(report))
    expect(node.hostIPs()).toEqual(['192.0.2.7'])
    machine = { ...machine, address: '192.0.2.8' }
    await clock.advance(10_000)
    expect(told[0]?.status.addresses?.[0]).toEqual({ type: 'InternalIP', address: '192.0.2.8' })
    node.stop()
  })

  it('tells of a change, and only then', async () => {
    const told: NodeReport[] = []
    const node = facts()
    await node.start((report) => told.push(report))
    await clock.advance(120_000)
    expect(told).toHaveLength(0)
    runtime.setDown(true)
    await clock.advance(60_000)
    expect(told.map((report) => condition(report, 'Ready')?.status)).toEqual(['False'])
    runtime.setDown(false)
    runtime.addImage('app:1')
    await clock.advance(120_000)
    expect(told.at(-1)?.status.images).toEqual([{ names: ['app:1'], sizeBytes: 1_000_000 }])
    node.stop()
    runtime.setDown(true)
    const before = told.length
    await clock.advance(60_000)
    expect(told).toHaveLength(before)
  })

  it('lists no more than fifty images', async () => {
    for (let i = 0; i < 60; i++) runtime.addImage(`app:${i}`)
    expect((await facts().refresh()).status.images).toHaveLength(50)
  })

  it.each([
    ['MemoryPressure', { memory: { totalBytes: 2 ** 30, availableBytes: 50 * 2 ** 20 } }],
    ['DiskPressure', { disk: { totalBytes: 100 * 2 ** 30, availableBytes: 2 ** 30 } }],
    [
      'DiskPressure',
      { disk: { totalBytes: 100 * 2 ** 30, availableBytes: 50 * 2 ** 30, inodes: { total: 100, free: 4 } } },
    ],
    ['PIDPressure', { processes: { running: 980, max: 1000 } }],
  ])('tells of %s', async (type, short) => {
    machine = short
    expect(condition(await facts().refresh(), type)?.status).toBe('True')
  })

  it('tells of pressure for five minutes after it was seen last', async () => {
    machine = { memory: { totalBytes: 2 ** 30, availableBytes: 0 } }
    const node = facts()
    await node.refresh()
    machine = { memory: { totalBytes: 2 ** 30, availableBytes: 2 ** 29 } }
    await clock.advance(299_000)
    expect(condition(await node.refresh(), 'MemoryPressure')?.status).toBe('True')
    await clock.advance(2_000)
    expect(condition(await node.refresh(), 'MemoryPressure')?.status).toBe('False')
  })
})
