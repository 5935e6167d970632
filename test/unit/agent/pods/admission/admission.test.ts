import { beforeEach, describe, expect, it } from 'vitest'
import { AgentNode } from '../../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

/** On a node with four processors. */
describe('admission', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
  })

  const asking = (name: string, cpu: string) =>
    assignedPod(name, { containers: [podContainer('web', { resources: { requests: { cpu } } })] })
  const phase = (name: string) => node.status(name)?.phase

  it('fails a Pod that does not fit beside those that are here', async () => {
    node.put(asking('a', '3'))
    node.put(asking('b', '2'))
    await clock.advance(1_000)
    expect(phase('a')).toBe('Running')
    const why = "Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000"
    expect(node.status('b')).toMatchObject({
      ...{ phase: 'Failed', reason: 'OutOfcpu', message: `Pod was rejected: ${why}` },
    })
    expect(node.said()).toContain(`OutOfcpu: ${why}`)
    expect(runtime.running().map(({ pod }) => pod.name)).toEqual(['a'])
  })

  it('takes a Pod in place of one that ends, or has ended', async () => {
    runtime.program = ({ pod }) => (pod.name === 'a' ? { onTerm: 'ignore' } : { exitAfterMs: 10 })
    node.put(asking('a', '3'))
    await clock.advance(1_000)
    node.delete('a')
    node.put({ ...asking('b', '4'), spec: { ...asking('b', '4').spec, restartPolicy: 'Never' } })
    await clock.advance(1_000)
    expect(phase('b')).toBe('Succeeded')
    runtime.program = () => ({})
    node.put(asking('c', '4'))
    await clock.advance(1_000)
    expect(phase('c')).toBe('Running')
    expect(runtime.running().map(({ pod }) => pod.name)).toEqual(['a', 'c'])
  })

  it('never refuses a Pod that was here before, though nothing of it is left', async () => {
    node.put(asking('a', '3'))
    await clock.advance(1_000)
    node.manager.stop()
    runtime.containers.clear()
    runtime.sandboxes.clear()
    node.allocatable = { cpu: '2', memory: '8Gi' }
    node.put(asking('b', '1'))
    node.restartAgent()
    await clock.advance(1_000)
    expect(phase('a')).toBe('Running')
    expect(node.status('b')).toMatchObject({ phase: 'Failed', reason: 'OutOfcpu' })
  })
})
