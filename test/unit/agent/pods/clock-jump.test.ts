import { beforeEach, describe, expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeProber } from '../../../support/fake-prober.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const DAY_MS = 86_400_000

describe.each([
  ['ahead', DAY_MS],
  ['back', -DAY_MS],
])('when the machine’s clock is set %s by a day', (_, stepMs) => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let prober: FakeProber
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    prober = new FakeProber()
    node = new AgentNode(runtime, clock, prober)
  })

  const web = () => node.status('a')?.containerStatuses?.[0]
  const calls = (name: string) => runtime.calls.filter((call) => call.startsWith(name)).length
  const isRunning = () => node.status('a')?.phase === 'Running'

  it('what runs goes on, and is probed as before', async () => {
    const livenessProbe = { tcpSocket: { port: 1 }, periodSeconds: 10, failureThreshold: 3, initialDelaySeconds: 60 }
    let asked = 0
    prober.answer = () => ({ success: ++asked > 0, message: '' })
    node.put(assignedPod('a', { containers: [podContainer('web', { livenessProbe })] }))
    await clock.until(isRunning)
    await clock.advance(30_000)
    clock.step(stepMs)
    await clock.advance(20_000)
    expect(asked).toBe(0)
    await clock.advance(60_000)
    expect(asked).toBeGreaterThanOrEqual(4)
    expect(asked).toBeLessThanOrEqual(7)
    node.restartAgent()
    await clock.advance(60_000)
    expect([calls('startContainer'), calls('stopContainer'), web()?.restartCount]).toEqual([1, 0, 0])
  })

  it('a Pod that ends has its grace period, no more and no less', async () => {
    runtime.program = () => ({ onTerm: 'ignore' })
    node.put(assignedPod('a'))
    await clock.until(isRunning)
    node.delete('a', 30)
    await clock.advance(10_000)
    clock.step(stepMs)
    await clock.advance(19_000)
    expect(calls('killContainer')).toBe(0)
    await clock.until(() => node.isTerminated('a'), 3_000)
  })

  it('a container that keeps failing is started again no later than it would have been', async () => {
    runtime.program = () => ({ exitAfterMs: 100, exitCode: 1 })
    node.put(assignedPod('a'))
    await clock.until(() => web()?.restartCount === 2 && web()?.state?.waiting?.reason === 'CrashLoopBackOff')
    clock.step(stepMs)
    await clock.until(() => web()?.restartCount === 3, 42_000)
    await clock.until(() => web()?.restartCount === 4, 42_000)
  })

  it('what could not be pulled is tried again as before', async () => {
    runtime.pullErrors.set('app:2', 'no such image')
    node.put(assignedPod('a', { containers: [podContainer('web', { image: 'app:2' })] }))
    await clock.until(() => web()?.state?.waiting?.reason === 'ImagePullBackOff')
    clock.step(stepMs)
    runtime.pullErrors.clear()
    await clock.until(isRunning, 45_000)
  })
})
