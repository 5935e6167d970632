import { beforeEach, describe, expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeProber } from '../../../support/fake-prober.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('while the runtime does not answer', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode
  let isUp: boolean

  beforeEach(async () => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    const prober = new FakeProber()
    isUp = true
    prober.answer = () => ({ success: isUp, message: isUp ? '' : 'refused' })
    node = new AgentNode(runtime, clock, prober)
  })

  const ready = () => node.status('a')?.conditions?.find(({ type }) => type === 'Ready')?.status
  const web = () => node.status('a')?.containerStatuses?.[0]
  const run = async (container: object = {}) => {
    node.put(assignedPod('a', { containers: [podContainer('web', container)] }))
    await clock.until(() => ready() === 'True')
  }

  it('what readiness probes find is told all the same', async () => {
    await run({ readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 3 } })
    runtime.setDown(true)
    isUp = false
    await clock.until(() => ready() === 'False', 5_000)
    isUp = true
    await clock.until(() => ready() === 'True', 5_000)
    expect(web()).toMatchObject({ restartCount: 0, state: { running: {} } })
  })

  it('it is told where a call hangs, too', async () => {
    await run({ readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 1 } })
    runtime.hangNext('list', 100)
    runtime.loseEvents()
    await clock.advance(2_000)
    isUp = false
    await clock.until(() => ready() === 'False', 5_000)
  })

  it('a Pod that is seen to have ended is not ready', async () => {
    await run()
    runtime.setDown(true)
    await clock.advance(3_000)
    expect(ready()).toBe('True')
    runtime.killSandboxProcess([...runtime.sandboxes.keys()][0] ?? '')
    await clock.until(() => ready() === 'False', 31_000)
    expect(web()).toMatchObject({ ready: false, restartCount: 0 })
    runtime.setDown(false)
    await clock.until(() => ready() === 'True' && web()?.restartCount === 1, 31_000)
  })
})
