import { beforeEach, describe, expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('a container that somebody removed', () => {
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
  const web = (name = 'a') => node.status(name)?.containerStatuses?.[0]

  const remove = async (name: string) => {
    const { id = '' } = runtime.containerOf(name, 'web') ?? {}
    await runtime.removeContainer(id)
    return id
  }

  it('is started again, which counts as a restart', async () => {
    node.put(assignedPod('a'))
    await clock.until(() => web()?.ready === true)
    for (const restartCount of [1, 2]) {
      const id = await remove('a')
      await clock.until(() => web()?.restartCount === restartCount && web()?.ready === true, 60_000)
      expect(runtime.containerOf('a', 'web')?.restartCount).toBe(restartCount)
      const told = node.history.flatMap(({ status }) => status.containerStatuses ?? [])
      const lost = { reason: 'ContainerStatusUnknown', exitCode: 137, containerID: `docker://${id}` }
      expect(told).toContainEqual(
        expect.objectContaining({ restartCount, lastState: { terminated: expect.objectContaining(lost) } }),
      )
    }
  })

  it('is not started again where it was to run only once', async () => {
    node.put(assignedPod('a', { restartPolicy: 'Never' }))
    await clock.until(() => web()?.ready === true)
    await remove('a')
    await clock.until(() => phase('a') === 'Failed', 60_000)
    await clock.advance(60_000)
    expect(runtime.containers.size).toBe(0)
    expect(web()?.state?.terminated).toMatchObject({ reason: 'ContainerStatusUnknown', exitCode: 137 })
  })
})
