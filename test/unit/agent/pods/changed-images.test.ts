import { beforeEach, describe, expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('an image that is changed before its container was started', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock, pullMs: 5_000 })
    runtime.addImage('good:1')
    runtime.pullErrors.set('gone:1', 'manifest unknown')
    node = new AgentNode(runtime, clock)
  })

  const web = () => node.status('a')?.containerStatuses?.[0]
  const withImage = (image: string) => assignedPod('a', { containers: [podContainer('web', { image })] })

  it('is not waited for: what the one before has to wait for says nothing of it', async () => {
    node.put(withImage('gone:1'))
    await clock.until(() => web()?.state?.waiting?.reason === 'ImagePullBackOff')
    await clock.advance(60_000)
    const before = clock.now()
    node.put(withImage('good:1'))
    await clock.until(() => web()?.state?.running !== undefined, 300_000)
    expect(clock.now() - before).toBeLessThan(2_000)
  })

  it('is the one that runs, though the one before was on its way', async () => {
    node.put(withImage('slow:1'))
    await clock.until(() => runtime.calls.includes('pullImage slow:1'))
    node.put(withImage('good:1'))
    await clock.until(() => web()?.state?.running !== undefined)
    const good = await runtime.inspectImage('good:1')
    const [made] = runtime.containers.values()
    expect(made?.spec).toMatchObject({ image: 'good:1', imageId: good?.id })
  })
})
