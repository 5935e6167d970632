import { expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

it('never forgets a restart, also where the restarted container could not start', async () => {
  const clock = new VirtualClock()
  const runtime = new FakeRuntime({ clock })
  runtime.addImage('app:1')
  const node = new AgentNode(runtime, clock)
  node.put(assignedPod('a'))
  await clock.until(() => runtime.running().length === 1)
  runtime.failNext('startContainer')
  runtime.exitContainer(runtime.running()[0]?.id ?? '', { exitCode: 1 })
  await clock.until(() => runtime.running().length === 1)
  await clock.advance(1_000)
  const counts = node.history.map(({ status }) => status.containerStatuses?.[0]?.restartCount ?? 0)
  expect(counts).toEqual([...counts].sort())
  expect(counts.at(-1)).toBe(1)
})
