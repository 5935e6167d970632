import { beforeEach, describe, expect, it } from 'vitest'
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
    expect(status.allocatable).toEqual(status.capacity)
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

  it('offers what it was given instead of the whole machine', async () => {
    const node = facts({ capacity: { cpu: '1', memory: '1Gi', pods: '20' } })
    await node.refresh()
    expect(node.current().status.capacity).toMatchObject({ cpu: '1', memory: '1Gi', pods: '20' })
    expect(node.allocatable()).toEqual({ cpu: '1', memory: '1Gi' })
    expect(node.hostIPs()).toEqual(['192.0.2.4'])
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
    ['MemoryPressure', { availableMemoryBytes: 50 * 2 ** 20 }],
    ['DiskPressure', { disk: { totalBytes: 100 * 2 ** 30, availableBytes: 2 ** 30 } }],
    ['PIDPressure', { processes: { running: 980, max: 1000 } }],
  ])('tells of %s', async (type, short) => {
    machine = short
    expect(condition(await facts().refresh(), type)?.status).toBe('True')
  })
})
