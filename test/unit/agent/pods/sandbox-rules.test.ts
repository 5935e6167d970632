import { expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

it('starts no container of a Pod before Services can be reached from its sandbox', async () => {
  const clock = new VirtualClock()
  const runtime = new FakeRuntime({ clock })
  runtime.addImage('app:1')
  const node = new AgentNode(runtime, clock)
  let reached = () => {}
  node.cover = () =>
    new Promise((resolve) => {
      reached = resolve
    })
  node.put(assignedPod('a'))
  await clock.advance(3_000)
  const { sandboxes, containers } = await runtime.list()
  expect(sandboxes).toHaveLength(1)
  expect(containers.filter(({ state }) => state.phase === 'running')).toEqual([])
  reached()
  await clock.until(() => node.status('a')?.phase === 'Running')
  node.delete('a', 0)
  await clock.until(() => node.isTerminated('a'))
  expect(new Set(node.uncovered)).toEqual(new Set(sandboxes.map(({ id }) => id)))
})
