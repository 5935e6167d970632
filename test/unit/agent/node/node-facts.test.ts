import { beforeEach, describe, expect, it } from 'vitest'
import { parseEvictionThresholds } from '../../../../agent/eviction/eviction-threshold.ts'
import type { Machine } from '../../../../agent/node/machine.ts'
import { NodeFacts, type NodeFactsOptions } from '../../../../agent/node/node-facts.ts'
import { silentLogger } from '../../../../shared/log.ts'
import type { NodeReport } from '../../../../shared/protocol/frames.ts'
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

  const facts = (more: Partial<NodeFactsOptions> = {}) =>
    new NodeFacts({
      ...{ runtime, clock, nodeName: 'n1', version: '0.1.0', address: '192.0.2.4', log: silentLogger },
      readMachine: async () => machine,
      ...more,
    })
  const condition = ({ status }: NodeReport, type: string) => status.conditions?.find((one) => one.type === type)

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
    const evictionThresholds = parseEvictionThresholds('memory.available<500Mi,nodefs.available<10%')
    const node = facts({ offer: { capacity: {}, reserved, extended: {} }, evictionThresholds })
    const { allocatable } = (await node.refresh()).status
    expect(allocatable).toMatchObject({ cpu: '3500m', memory: '6828032Ki', 'ephemeral-storage': '83886080Ki' })
    const greedy = facts({ offer: { capacity: {}, reserved: { memory: '9Gi' }, extended: {} } })
    expect((await greedy.refresh()).status.allocatable?.memory).toBe('0Ki')
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
