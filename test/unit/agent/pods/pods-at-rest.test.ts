import { beforeEach, describe, expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('Pods at rest', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode

  beforeEach(async () => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
    node.put(assignedPod('a'))
    await clock.until(() => node.status('a')?.phase === 'Running')
  })

  it('are seen by one call for all of them, which shows what no event told of', async () => {
    const before = runtime.calls.length
    await clock.advance(900_000)
    expect(runtime.calls.slice(before)).toEqual(['glance', 'glance', 'glance'])
    const id = runtime.containerOf('a', 'web')?.id ?? ''
    runtime.containers.delete(id)
    await clock.advance(310_000)
    expect(runtime.containerOf('a', 'web')?.state.phase).toBe('running')
    expect(runtime.containerOf('a', 'web')?.id).not.toBe(id)
  })

  it('are looked at every half hour all the same', async () => {
    const before = runtime.calls.length
    await clock.advance(3_700_000)
    expect(runtime.calls.slice(before).filter((call) => call.startsWith('list'))).toHaveLength(2)
  })

  it('show the node’s addresses as they are', async () => {
    node.hostIP = '192.0.2.11'
    node.manager.nodeChanged()
    await clock.advance(1_000)
    expect(node.status('a')?.hostIP).toBe('192.0.2.11')
  })
})
