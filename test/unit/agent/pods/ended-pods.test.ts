import { expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

it('removes what is left of a Pod that has ended where that is asked for, and says the same of it', async () => {
  const clock = new VirtualClock()
  const runtime = new FakeRuntime({ clock })
  runtime.addImage('app:1')
  const node = new AgentNode(runtime, clock)
  runtime.program = ({ pod }) => (pod.name === 'done' ? { exitAfterMs: 1_000 } : {})
  node.put(assignedPod('done', { restartPolicy: 'Never' }))
  node.put(assignedPod('runs'))
  await clock.advance(10_000)
  const before = node.status('done')
  expect(before?.phase).toBe('Succeeded')
  expect(node.manager.discardEnded()).toBe(true)
  await clock.advance(10_000)
  expect((await runtime.list()).containers.map(({ pod }) => pod.name)).toEqual(['runs'])
  expect(node.status('done')).toEqual(before)
  expect(node.manager.discardEnded()).toBe(false)
})
