import { beforeEach, describe, expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('the deletion of a Pod', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
  })

  const phase = (name: string) => node.status(name)?.phase

  it('asks to end, waits for the grace period, kills and removes everything', async () => {
    runtime.program = () => ({ onTerm: 'ignore' })
    node.put(assignedPod('a', { volumes: [{ name: 'cache', emptyDir: {} }] }))
    await clock.until(() => phase('a') === 'Running')
    expect(runtime.volumes.size).toBe(1)
    node.delete('a', 20)
    await clock.advance(19_000)
    expect(runtime.running()).toHaveLength(1)
    expect(node.said()).toContain('Killing: Stopping container web')
    await clock.advance(2_000)
    expect(node.isTerminated('a')).toBe(true)
    expect(node.status('a')?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 137 })
    expect(phase('a')).toBe('Failed')
    expect([runtime.containers.size, runtime.sandboxes.size, runtime.volumes.size]).toEqual([0, 0, 0])
  })

  it('lets a shorter grace period take effect', async () => {
    runtime.program = () => ({ onTerm: 'ignore' })
    node.put(assignedPod('a'))
    await clock.until(() => phase('a') === 'Running')
    node.delete('a', 600)
    await clock.advance(5_000)
    node.delete('a', 1)
    await clock.advance(1_500)
    expect(node.isTerminated('a')).toBe(true)
  })

  it('does not start again what was ended', async () => {
    node.put(assignedPod('a'))
    await clock.until(() => phase('a') === 'Running')
    node.delete('a')
    await clock.until(() => node.isTerminated('a'))
    await clock.advance(120_000)
    node.remove('a')
    await clock.advance(120_000)
    expect(runtime.calls.filter((call) => call === 'startContainer web')).toHaveLength(1)
    expect(phase('a')).toBe('Succeeded')
  })

  it('says last what became of every container, and says it once', async () => {
    node.put(assignedPod('a', { containers: [podContainer('web'), podContainer('side')] }))
    await clock.until(() => phase('a') === 'Running')
    const ids = node.status('a')?.containerStatuses?.map(({ containerID }) => containerID)
    node.delete('a')
    await clock.until(() => node.isTerminated('a'))
    expect(node.status('a')?.containerStatuses?.map(({ containerID }) => containerID)).toEqual(ids)
    const reports = node.history.length
    node.put(assignedPod('b'))
    await clock.advance(1_000)
    expect(node.history.slice(reports).filter(({ name }) => name === 'a')).toEqual([])
  })

  it('removes a Pod whose object is gone without waiting', async () => {
    runtime.program = () => ({ onTerm: 'ignore' })
    node.put(assignedPod('a'))
    await clock.until(() => phase('a') === 'Running')
    node.remove('a')
    await clock.advance(500)
    expect(runtime.containers.size).toBe(0)
  })
})
