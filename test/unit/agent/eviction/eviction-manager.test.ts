import { beforeEach, describe, expect, it } from 'vitest'
import { EvictionManager } from '../../../../agent/eviction/eviction-manager.ts'
import { DEFAULT_EVICTION_POLICY, type EvictionPolicy } from '../../../../agent/eviction/eviction-policy.ts'
import type { EvictionSignal, Observation } from '../../../../agent/eviction/eviction-threshold.ts'
import { PressureWatch } from '../../../../agent/eviction/pressure-watch.ts'
import { RuntimeFailure } from '../../../../agent/runtime/runtime.ts'
import type { Container, PodSpec } from '../../../../shared/api/generated/core-v1.ts'
import { sleep, type Timer } from '../../../../shared/clock.ts'
import { silentLogger } from '../../../../shared/log.ts'
import type { EventReport } from '../../../../shared/protocol/frames.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { type FakeProgram, FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30

describe('EvictionManager', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode
  let observations: Map<EvictionSignal, Observation>
  let told: EventReport[]
  let reclaims: boolean
  let manager: EvictionManager | undefined
  let looks: Timer | undefined

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
    observations = new Map()
    told = []
    reclaims = false
    start(DEFAULT_EVICTION_POLICY)
  })

  const start = (policy: EvictionPolicy) => {
    const watch = new PressureWatch(policy)
    manager?.stop()
    manager = new EvictionManager({
      ...{ runtime, clock, pods: node.manager, log: silentLogger, ...policy },
      look: async () => watch.update(observations, clock.monotonic()),
      observations: () => observations,
      due: () => watch.due(),
      reclaim: async () => reclaims,
      event: (event) => told.push(event),
    })
    looks?.cancel()
    looks = clock.every(10_000, () => watch.update(observations, clock.monotonic()))
    manager.start()
  }

  const put = (
    name: string,
    uses: FakeProgram['uses'],
    container: Partial<Container> = {},
    spec: Partial<PodSpec> = {},
  ) => {
    const before = runtime.program
    runtime.program = (asked) => (asked.pod.name === name ? { uses: uses ?? {}, onTerm: 'ignore' } : before(asked))
    node.put(assignedPod(name, { ...spec, containers: [podContainer('web', container)] }))
  }
  const memory = (amount: string) => ({ resources: { requests: { memory: amount } } })
  const evicted = () =>
    [...node.reports.values()].filter(({ status }) => status.reason === 'Evicted').map(({ name }) => name)

  it('ends nothing, and measures nothing, while there is enough of all', async () => {
    put('a', { workingSetBytes: GIB })
    await clock.advance(120_000)
    expect(evicted()).toEqual([])
    expect(runtime.calls).not.toContain('usage')
    expect(runtime.calls.some((call) => call.startsWith('diskUsage'))).toBe(false)
  })

  it('relieves pressure also where it cannot be seen what a Pod with a limit has written', async () => {
    put('greedy', { workingSetBytes: 300 * MIB })
    put('limited', {}, { resources: { limits: { 'ephemeral-storage': '1Gi' } } })
    await clock.advance(5_000)
    runtime.diskUsage = () => Promise.reject(new RuntimeFailure('failed', 'no such layer'))
    observations.set('memory.available', { available: 50 * MIB, capacity: GIB })
    await clock.advance(15_000)
    expect(evicted()).toEqual(['greedy'])
  })

  it('tells in the kubelet’s words why a Pod had to go, and kills it within a second', async () => {
    put('greedy', { workingSetBytes: 300 * MIB }, memory('100Mi'))
    await clock.advance(5_000)
    observations.set('memory.available', { available: 50 * MIB, capacity: GIB })
    await clock.advance(8_000)
    const message =
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ' +
      'Container web was using 300Mi, request is 100Mi, has larger consumption of memory. '
    expect(node.status('greedy')).toMatchObject({ phase: 'Failed', reason: 'Evicted', message })
    expect(node.status('greedy')?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }),
    )
    expect(node.said()).toContain(`Evicted: ${message}`)
    expect(told).toMatchObject([{ reason: 'EvictionThresholdMet', message: 'Attempting to reclaim memory' }])
    expect(runtime.running()).toEqual([])
  })

  it('takes one in a round: first who is above its request, then the least important, then the largest', async () => {
    put('modest', { workingSetBytes: 400 * MIB }, memory('1Gi'))
    put('important', { workingSetBytes: 500 * MIB }, {}, { priority: 10 })
    put('large', { workingSetBytes: 200 * MIB })
    put('small', { workingSetBytes: 100 * MIB })
    put('critical', { workingSetBytes: GIB }, {}, { priority: 2_000_000_000 })
    await clock.advance(5_000)
    observations.set('memory.available', { available: 0, capacity: GIB })
    const order: string[] = []
    for (let round = 0; round < 6; round++) {
      await clock.advance(10_000)
      order.push(...evicted().filter((name) => !order.includes(name)))
      if (round < 4) expect(order).toHaveLength(round + 1)
    }
    expect(order).toEqual(['large', 'small', 'important', 'modest'])
  })

  it('ends no Pod where something else could be freed', async () => {
    reclaims = true
    put('a', {})
    observations.set('nodefs.available', { available: 0, capacity: GIB })
    await clock.advance(60_000)
    expect(evicted()).toEqual([])
    reclaims = false
    await clock.advance(12_000)
    expect(node.status('a')?.message).toBe(
      'The node was low on resource: ephemeral-storage. Threshold quantity: 107374182, available: 0. ',
    )
  })

  it('waits for as long as a soft threshold says, and gives the Pod so long to end', async () => {
    const thresholds = [{ signal: 'memory.available', value: { units: 500 * MIB }, graceMs: 90_000 } as const]
    start({ ...DEFAULT_EVICTION_POLICY, thresholds, maxPodGraceSeconds: 20 })
    put('a', { workingSetBytes: 600 * MIB })
    observations.set('memory.available', { available: 400 * MIB, capacity: GIB })
    await clock.advance(85_000)
    observations.set('memory.available', { available: 600 * MIB, capacity: GIB })
    await clock.advance(11_000)
    observations.set('memory.available', { available: 400 * MIB, capacity: GIB })
    await clock.advance(85_000)
    const isTold = () => node.said().some((line) => line.startsWith('Evicted:'))
    expect(isTold()).toBe(false)
    await clock.until(isTold, 20_000)
    await clock.advance(18_000)
    expect(runtime.running()).toHaveLength(1)
    await clock.advance(3_000)
    expect(runtime.running()).toHaveLength(0)
  })

  it('goes on until as much more is free as is to be reclaimed', async () => {
    const minimumReclaim = { units: 200 * MIB }
    const thresholds = [{ signal: 'memory.available', value: { units: 100 * MIB }, minimumReclaim } as const]
    start({ ...DEFAULT_EVICTION_POLICY, thresholds })
    for (const name of ['a', 'b', 'c']) put(name, { workingSetBytes: 100 * MIB })
    observations.set('memory.available', { available: 200 * MIB, capacity: GIB })
    await clock.advance(15_000)
    expect(evicted()).toEqual([])
    observations.set('memory.available', { available: 50 * MIB, capacity: GIB })
    await clock.until(() => evicted().length === 1, 15_000)
    observations.set('memory.available', { available: 250 * MIB, capacity: GIB })
    await clock.until(() => evicted().length === 2, 15_000)
    observations.set('memory.available', { available: 300 * MIB, capacity: GIB })
    await clock.advance(30_000)
    expect(evicted()).toHaveLength(2)
  })

  it('leaves nothing of a Pod on the disk that it evicts, and ends no other for what that gives back', async () => {
    const disk = { capacity: GIB, available: GIB }
    observations.set('nodefs.available', disk)
    put('writer', { volumeBytes: { data: 900 * MIB } }, {}, { volumes: [{ name: 'data', emptyDir: {} }] })
    put('bystander', { diskBytes: 10 * MIB })
    await clock.advance(5_000)
    const ofWriter = async () => Object.values(await runtime.list('uid-writer')).flat().length
    clock.every(100, async () => {
      disk.available = (await ofWriter()) > 0 ? 0 : GIB
    })
    await clock.advance(60_000)
    expect(evicted()).toEqual(['writer'])
    expect(await ofWriter()).toBe(0)
    const { reason, message, containerStatuses } = node.status('writer') ?? {}
    expect(containerStatuses).toMatchObject([
      { containerID: expect.stringContaining('docker://'), state: { terminated: { exitCode: 137 } } },
    ])
    node.restartAgent()
    await clock.advance(60_000)
    expect(node.status('writer')).toMatchObject({ phase: 'Failed', reason, message, containerStatuses })
  })

  it('ends no second Pod while the first is still about to end, but waits for none that does not go', async () => {
    const thresholds = [{ signal: 'memory.available', value: { units: 500 * MIB }, graceMs: 1_000 } as const]
    start({ ...DEFAULT_EVICTION_POLICY, thresholds, maxPodGraceSeconds: 50 })
    put('first', { workingSetBytes: 600 * MIB }, {}, { terminationGracePeriodSeconds: 50 })
    put('second', { workingSetBytes: 300 * MIB })
    observations.set('memory.available', { available: 100 * MIB, capacity: GIB })
    runtime.hangNext('removeContainer', 100)
    const told = (name: string) => node.events.some(({ pod, reason }) => pod?.name === name && reason === 'Evicted')
    await clock.until(() => told('first'), 40_000)
    await clock.advance(95_000)
    expect(told('second')).toBe(false)
    await clock.until(() => told('second'), 30_000)
  })

  it('ends the least important where processes run out', async () => {
    put('a', { processes: 5 }, {}, { priority: 1 })
    put('b', { processes: 2 })
    observations.set('pid.available', { available: 1_000, capacity: 40_000 })
    await clock.advance(11_000)
    expect(evicted()).toEqual(['b'])
    expect(node.status('b')?.message).toBe(
      'The node was low on resource: pids. Threshold quantity: 2k, available: 1k. ',
    )
  })

  describe('storage', () => {
    const storage = (limit: string) => ({ resources: { limits: { 'ephemeral-storage': limit } } })
    const emptyDir = (sizeLimit?: string) => ({ volumes: [{ name: 'v', emptyDir: sizeLimit ? { sizeLimit } : {} }] })

    it.each<[string, FakeProgram['uses'], Partial<Container>, Partial<PodSpec>, string]>([
      [
        'Container',
        { diskBytes: 20 * MIB },
        storage('10Mi'),
        { initContainers: [] },
        'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ',
      ],
      [
        'volume',
        { volumeBytes: { v: 3 * MIB } },
        {},
        emptyDir('2Mi'),
        'Usage of EmptyDir volume "v" exceeds the limit "2Mi". ',
      ],
      [
        'sum',
        { diskBytes: 6 * MIB, volumeBytes: { v: 6 * MIB } },
        storage('10Mi'),
        emptyDir(),
        'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ',
      ],
    ])('ends a Pod that wrote more than it may: %s', async (_, uses, container, spec, message) => {
      put('a', uses, container, spec)
      await clock.advance(15_000)
      expect(node.status('a')).toMatchObject({ phase: 'Failed', reason: 'Evicted', message })
      expect(node.status('a')?.conditions?.some(({ type }) => type === 'DisruptionTarget')).toBe(false)
    })

    it('names the container where the Pod as a whole wrote no more than it may', async () => {
      runtime.program = ({ name }) => ({ uses: { diskBytes: name === 'web' ? 6 * MIB : 0 } })
      const containers = [podContainer('web', storage('5Mi')), podContainer('other', storage('5Mi'))]
      node.put(assignedPod('a', { containers }))
      await clock.advance(11_000)
      expect(node.status('a')?.message).toBe('Container web exceeded its local ephemeral storage limit "5Mi". ')
    })

    it('looks again within two minutes, however long it takes to measure what is written', async () => {
      const measure = runtime.diskUsage.bind(runtime)
      runtime.diskUsage = async (podUid) => {
        await sleep(clock, 5_000)
        return measure(podUid)
      }
      const uses = { diskBytes: 5 * MIB }
      put('a', uses, storage('10Mi'))
      await clock.advance(20_000)
      uses.diskBytes = 20 * MIB
      await clock.advance(140_000)
      expect(evicted()).toEqual(['a'])
    })

    it('lets a Pod be that keeps to its limit', async () => {
      put('a', { diskBytes: 10 * MIB }, storage('10Mi'))
      await clock.advance(60_000)
      expect(evicted()).toEqual([])
    })
  })
})
