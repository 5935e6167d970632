import { beforeEach, describe, expect, it } from 'vitest'
import { RuntimeFailure } from '../../../../../agent/runtime/runtime.ts'
import type { Container, ResourceRequirements } from '../../../../../shared/api/generated/core-v1.ts'
import { AgentNode } from '../../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const MIB = 2 ** 20
const amounts = (cpu: string, memory: string) => ({ cpu, memory })
const both = (cpu: string, memory: string): ResourceRequirements => ({
  requests: amounts(cpu, memory),
  limits: amounts(cpu, memory),
})

describe('resize', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
  })

  const pod = (name: string, resources: ResourceRequirements, more: Partial<Container> = {}) =>
    assignedPod(name, { containers: [podContainer('web', { resources, ...more })] })
  /** As the API has it, with what the agent reported last. */
  const resize = async (name: string, resources: ResourceRequirements, more: Partial<Container> = {}) => {
    const { status } = node
    node.put({ ...pod(name, resources, more), status: status.call(node, name) ?? {} })
    await clock.advance(1_000)
  }
  const start = async (name: string, resources: ResourceRequirements, more: Partial<Container> = {}) => {
    node.put(pod(name, resources, more))
    await clock.advance(1_000)
  }
  const statusOf = (name: string) => node.status(name)?.containerStatuses?.[0]
  const conditionOf = (name: string, type: string) => node.status(name)?.conditions?.find((one) => one.type === type)
  const has = (name: string) => runtime.containerOf(name, 'web')?.resources
  const updates = () => runtime.calls.filter((call) => call.startsWith('updateContainer')).length

  it('tells what a container has', async () => {
    await start('a', both('100m', '64Mi'))
    expect(statusOf('a')).toMatchObject({
      allocatedResources: amounts('100m', '64Mi'),
      resources: both('100m', '64Mi'),
    })
    expect(updates()).toBe(0)
  })

  it('gives a running container more, without a restart', async () => {
    await start('a', both('100m', '64Mi'))
    await resize('a', both('200m', '128Mi'))
    expect(has('a')).toEqual({ cpuShares: 204, cpuLimitMilli: 200, memoryLimitBytes: 128 * MIB })
    expect(statusOf('a')).toMatchObject({
      restartCount: 0,
      allocatedResources: amounts('200m', '128Mi'),
      resources: both('200m', '128Mi'),
    })
    expect(conditionOf('a', 'PodResizeInProgress')).toBeUndefined()
    await clock.advance(120_000)
    expect(updates()).toBe(1)
  })

  const resizeSaid = () => node.said().filter((line) => /^Resize/.test(line))
  const summary = (resources: ResourceRequirements, error?: string) => {
    const { limits, requests } = resources
    return JSON.stringify({ containers: [{ name: 'web', resources: { limits, requests } }], generation: 1, error })
  }

  it('tells when it begins and when it is done', async () => {
    await start('a', both('100m', '64Mi'))
    expect(resizeSaid()).toEqual([])
    const wanted = both('200m', '128Mi')
    await resize('a', wanted)
    const said = [
      `ResizeStarted: Pod resize started: ${summary(wanted)}`,
      `ResizeCompleted: Pod resize completed: ${summary(wanted)}`,
    ]
    expect(resizeSaid()).toEqual(said)
    node.restartAgent()
    await clock.advance(400_000)
    expect(resizeSaid()).toEqual(said)
  })

  it('does what is asked for next at once, and tells of no failure', async () => {
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }]
    await start('a', both('100m', '64Mi'), { resizePolicy })
    const wishes = [both('200m', '64Mi'), both('300m', '64Mi'), both('300m', '128Mi')]
    for (const wanted of wishes) await resize('a', wanted, { resizePolicy })
    await clock.advance(2_000)
    expect(resizeSaid()).toEqual(
      wishes.flatMap((wanted) => [
        `ResizeStarted: Pod resize started: ${summary(wanted)}`,
        `ResizeCompleted: Pod resize completed: ${summary(wanted)}`,
      ]),
    )
  })

  it('is told by the next agent to be done, where one did not live to see that', async () => {
    await start('a', both('100m', '64Mi'))
    const wanted = both('200m', '128Mi')
    runtime.hangNext('updateContainer')
    await resize('a', wanted)
    node.restartAgent()
    await clock.advance(5_000)
    node.restartAgent()
    await clock.advance(400_000)
    expect(resizeSaid()).toEqual([
      `ResizeStarted: Pod resize started: ${summary(wanted)}`,
      `ResizeCompleted: Pod resize completed: ${summary(wanted)}`,
    ])
  })

  it('tells once why it waits, and why it fails', async () => {
    await start('a', both('100m', '64Mi'))
    await resize('a', both('5', '64Mi'))
    node.restartAgent()
    await clock.advance(60_000)
    const capacity = "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000"
    expect(resizeSaid()).toEqual([`ResizeInfeasible: Pod resize Infeasible: ${summary(both('5', '64Mi'), capacity)}`])
    runtime.failNext('updateContainer', new RuntimeFailure('failed', 'device or resource busy'))
    await resize('a', both('200m', '64Mi'))
    await clock.advance(11_000)
    expect(resizeSaid().slice(1)).toEqual([
      `ResizeStarted: Pod resize started: ${summary(both('200m', '64Mi'))}`,
      `ResizeError: Pod resize error: ${summary(both('200m', '64Mi'), 'device or resource busy')}`,
      `ResizeCompleted: Pod resize completed: ${summary(both('200m', '64Mi'))}`,
    ])
  })

  it('restarts it where its resizePolicy says so', async () => {
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }]
    await start('a', both('100m', '64Mi'), { resizePolicy })
    await resize('a', both('200m', '64Mi'), { resizePolicy })
    expect(statusOf('a')?.restartCount).toBe(0)
    await resize('a', both('200m', '128Mi'), { resizePolicy })
    await clock.advance(1_000)
    expect(statusOf('a')).toMatchObject({ restartCount: 1, resources: both('200m', '128Mi') })
    expect(has('a')?.memoryLimitBytes).toBe(128 * MIB)
    expect(node.said()).toContain('Killing: Container web resize requires restart')
  })

  it('refuses what the node can never give', async () => {
    await start('a', both('100m', '64Mi'))
    await resize('a', both('5', '64Mi'))
    expect(conditionOf('a', 'PodResizePending')).toMatchObject({
      status: 'True',
      reason: 'Infeasible',
      message: "Node didn't have enough capacity: cpu, requested: 5000, capacity: 4000",
    })
    expect(statusOf('a')).toMatchObject({ allocatedResources: { cpu: '100m' }, resources: both('100m', '64Mi') })
    expect(updates()).toBe(0)
  })

  it('waits until the node has room', async () => {
    await start('a', both('1', '64Mi'))
    await start('b', both('2', '64Mi'))
    await resize('a', both('3', '64Mi'))
    expect(conditionOf('a', 'PodResizePending')).toMatchObject({
      reason: 'Deferred',
      message: "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000",
    })
    node.delete('b', 0)
    node.remove('b')
    await clock.advance(11_000)
    expect(conditionOf('a', 'PodResizePending')).toBeUndefined()
    expect(has('a')?.cpuLimitMilli).toBe(3_000)
  })

  it('tells why the runtime does not do it, and tries again', async () => {
    await start('a', both('100m', '64Mi'))
    runtime.failNext('updateContainer', new RuntimeFailure('failed', 'device or resource busy'))
    await resize('a', both('200m', '64Mi'))
    expect(conditionOf('a', 'PodResizeInProgress')).toMatchObject({
      reason: 'Error',
      message: 'device or resource busy',
    })
    expect(statusOf('a')).toMatchObject({ allocatedResources: { cpu: '200m' }, resources: both('100m', '64Mi') })
    await clock.advance(10_000)
    expect(conditionOf('a', 'PodResizeInProgress')).toBeUndefined()
    expect(statusOf('a')?.resources).toEqual(both('200m', '64Mi'))
  })

  it('does not take memory that is in use', async () => {
    runtime.program = () => ({ uses: { workingSetBytes: 50 * MIB } })
    await start('a', both('100m', '64Mi'))
    await resize('a', both('100m', '32Mi'))
    expect(updates()).toBe(0)
    expect(conditionOf('a', 'PodResizeInProgress')?.message).toContain('below current usage')
  })

  it('knows after a restart of the agent what it gave', async () => {
    await start('a', both('1', '64Mi'))
    await start('b', both('2', '64Mi'))
    await resize('a', both('3', '64Mi'))
    node.restartAgent()
    await clock.advance(1_000)
    expect(conditionOf('a', 'PodResizePending')?.reason).toBe('Deferred')
    expect(statusOf('a')).toMatchObject({ allocatedResources: { cpu: '1' }, resources: both('1', '64Mi') })
    expect(updates()).toBe(0)
  })
})
