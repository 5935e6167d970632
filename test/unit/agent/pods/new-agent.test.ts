import { beforeEach, describe, expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeProber } from '../../../support/fake-prober.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('a new agent', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode
  let prober: FakeProber

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    prober = new FakeProber()
    node = new AgentNode(runtime, clock, prober)
  })

  const phase = (name: string) => node.status(name)?.phase
  const web = (name = 'a') => node.status(name)?.containerStatuses?.[0]

  it('adopts what runs and restarts none of it', async () => {
    node.put(assignedPod('a', { containers: [podContainer('web'), podContainer('side')] }))
    await clock.until(() => phase('a') === 'Running')
    const before = runtime.running()
    node.restartAgent()
    await clock.advance(120_000)
    expect(runtime.running()).toEqual(before)
    expect(phase('a')).toBe('Running')
  })

  it('removes what is no longer assigned, but not before it knows', async () => {
    node.put(assignedPod('a'))
    node.put(assignedPod('b'))
    await clock.until(() => phase('a') === 'Running' && phase('b') === 'Running')
    node.manager.stop()
    const other = new AgentNode(runtime, clock)
    await clock.advance(60_000)
    expect(runtime.running()).toHaveLength(2)
    other.put(assignedPod('b'))
    await clock.advance(1_000)
    expect(runtime.running().map(({ pod }) => pod.name)).toEqual(['b'])
    expect(runtime.sandboxes.size).toBe(1)
  })

  it('goes on with the backoff that a container had', async () => {
    runtime.program = () => ({ exitAfterMs: 10, exitCode: 1 })
    node.put(assignedPod('a'))
    await clock.until(() => web()?.state?.waiting?.message?.startsWith('back-off 40s') ?? false, 200_000)
    node.restartAgent()
    await clock.advance(30_000)
    expect(web()?.restartCount).toBe(3)
    await clock.until(() => web()?.restartCount === 4)
  })

  it('does not run a finished Pod again after the machine lost everything', async () => {
    runtime.program = () => ({ exitAfterMs: 10 })
    node.put(assignedPod('a', { restartPolicy: 'Never' }))
    await clock.until(() => phase('a') === 'Succeeded')
    runtime.containers.clear()
    runtime.sandboxes.clear()
    node.restartAgent()
    await clock.advance(60_000)
    expect(runtime.containers.size).toBe(0)
    expect(phase('a')).toBe('Succeeded')
  })

  it('goes on with the end of a Pod, and asks no probe meanwhile', async () => {
    runtime.program = () => ({ onTerm: 'ignore' })
    const livenessProbe = { httpGet: { port: 80 }, periodSeconds: 1 }
    node.put(assignedPod('a', { containers: [podContainer('web', { livenessProbe })] }))
    await clock.until(() => phase('a') === 'Running')
    node.delete('a', 10)
    await clock.advance(5_000)
    let asked = 0
    prober.answer = () => ({ success: asked++ < 0, message: '' })
    node.restartAgent()
    await clock.until(() => node.isTerminated('a'), 11_000)
    expect(asked).toBe(0)
  })
})
