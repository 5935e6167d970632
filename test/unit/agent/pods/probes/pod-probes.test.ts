import { beforeEach, describe, expect, it } from 'vitest'
import type { Probe } from '../../../../../shared/api/generated/core-v1.ts'
import { AgentNode } from '../../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'
import { FakeProber } from '../../../../support/fake-prober.ts'
import { FakeRuntime } from '../../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const PATHS = { liveness: '/live', readiness: '/ready', startup: '/start' }
const probe = (kind: keyof typeof PATHS, more: Partial<Probe> = {}): Probe => ({
  httpGet: { path: PATHS[kind], port: 80 },
  periodSeconds: 10,
  failureThreshold: 3,
  successThreshold: 1,
  ...more,
})

describe('probes of a Pod', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let prober: FakeProber
  let node: AgentNode
  let failing: Set<string>
  let asked: string[]

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    prober = new FakeProber()
    failing = new Set()
    asked = []
    prober.answer = ({ httpGet }) => {
      asked.push(httpGet?.path ?? '')
      const fails = failing.has(httpGet?.path ?? '')
      return { success: !fails, message: fails ? 'HTTP probe failed with statuscode: 503' : '' }
    }
    node = new AgentNode(runtime, clock, prober)
  })

  const web = () => node.status('a')?.containerStatuses?.[0]
  const run = async (probes: { livenessProbe?: Probe; readinessProbe?: Probe; startupProbe?: Probe }) => {
    node.put(assignedPod('a', { containers: [podContainer('web', probes)] }))
    await clock.until(() => web()?.state?.running !== undefined)
  }

  it('tell of every failure', async () => {
    failing.add('/ready')
    await run({ readinessProbe: probe('readiness') })
    await clock.advance(60_000)
    expect(asked.length).toBeGreaterThanOrEqual(6)
    expect(node.said().filter((text) => text.startsWith('Unhealthy'))).toHaveLength(asked.length)
  })

  it('make it ready only when the readiness probe passes, and unready after enough failures', async () => {
    failing.add('/ready')
    await run({ readinessProbe: probe('readiness') })
    await clock.advance(60_000)
    expect(web()).toMatchObject({ ready: false, started: true, restartCount: 0 })
    expect(node.status('a')?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [web]',
    })
    failing.clear()
    await clock.advance(10_000)
    expect(web()?.ready).toBe(true)
    failing.add('/ready')
    await clock.advance(20_000)
    expect(web()?.ready).toBe(true)
    await clock.advance(10_000)
    expect(web()?.ready).toBe(false)
    expect(node.said()).toContain('Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503')
  })

  it('wait for their initial delay', async () => {
    await run({ readinessProbe: probe('readiness', { initialDelaySeconds: 30 }) })
    await clock.advance(29_000)
    expect(asked).toEqual([])
    await clock.advance(2_000)
    expect(web()?.ready).toBe(true)
  })

  it('restart a container that is not alive', async () => {
    await run({ livenessProbe: probe('liveness') })
    await clock.advance(15_000)
    failing.add('/live')
    await clock.advance(19_000)
    expect(web()?.restartCount).toBe(0)
    await clock.until(() => web()?.restartCount === 1, 15_000)
    expect(node.said()).toContain('Killing: Container web failed liveness probe, will be restarted')
  })

  it('leave a container alone until it has started, and give it up when it does not', async () => {
    failing.add('/start').add('/live')
    await run({ startupProbe: probe('startup', { failureThreshold: 4 }), livenessProbe: probe('liveness') })
    await clock.advance(25_000)
    expect(new Set(asked)).toEqual(new Set(['/start']))
    expect(web()).toMatchObject({ started: false, ready: false, restartCount: 0 })
    await clock.until(() => web()?.restartCount === 1, 15_000)
    expect(node.said()).toContain('Killing: Container web failed startup probe, will be restarted')
    failing.clear()
    await clock.until(() => web()?.ready === true, 60_000)
    expect(web()?.started).toBe(true)
    asked = []
    await clock.advance(30_000)
    expect(new Set(asked)).toEqual(new Set(['/live']))
  })

  it('are asked for readiness as soon as it has started', async () => {
    failing.add('/start')
    const startupProbe = probe('startup', { periodSeconds: 1, failureThreshold: 100 })
    await run({ startupProbe, readinessProbe: probe('readiness', { periodSeconds: 300 }) })
    await clock.advance(20_000)
    failing.clear()
    await clock.until(() => web()?.ready === true, 2_000)
  })

  it('that cannot be made say nothing of the container', async () => {
    await run({ livenessProbe: probe('liveness', { failureThreshold: 1 }) })
    prober.answer = () => ({ message: 'cannot reach Docker' })
    await clock.advance(60_000)
    expect(web()?.restartCount).toBe(0)
    expect(node.said()).toContain(
      'Unhealthy: Liveness probe errored and resulted in unknown state: cannot reach Docker',
    )
    prober.answer = () => ({ success: true, message: 'Probe terminated redirects' })
    await clock.advance(10_000)
    expect(node.said()).toContain('ProbeWarning: Liveness probe warning: Probe terminated redirects')
  })

  it('leave a container alone once it was given up', async () => {
    runtime.program = () => ({ onTerm: 'ignore' })
    failing.add('/live')
    await run({ livenessProbe: probe('liveness', { periodSeconds: 1, failureThreshold: 1 }) })
    await clock.until(() => node.said().some((text) => text.startsWith('Killing')))
    asked = []
    await clock.advance(20_000)
    expect(asked).toEqual([])
  })

  it('go on for readiness while the Pod ends', async () => {
    runtime.program = () => ({ onTerm: 'ignore' })
    await run({ readinessProbe: probe('readiness', { failureThreshold: 1 }) })
    await clock.until(() => web()?.ready === true)
    failing.add('/ready')
    node.delete('a', 60)
    await clock.advance(15_000)
    expect(web()?.ready).toBe(false)
  })

  it('are spread over their period when an agent takes over', async () => {
    const livenessProbe = probe('liveness', { periodSeconds: 100 })
    const containers = ['a', 'b', 'c', 'd'].map((name) => podContainer(name, { livenessProbe }))
    node.put(assignedPod('a', { containers }))
    await clock.advance(10_000)
    asked = []
    const restartedMs = clock.now()
    const times = new Set<number>()
    prober.answer = () => {
      times.add(clock.now() - restartedMs)
      return { success: true, message: '' }
    }
    node.restartAgent()
    await clock.advance(100_000)
    expect(times.size).toBe(4)
  })

  it('do not make a ready Pod unready when the agent is started again', async () => {
    await run({ readinessProbe: probe('readiness', { initialDelaySeconds: 5 }) })
    await clock.until(() => web()?.ready === true)
    node.history.length = 0
    node.restartAgent()
    await clock.advance(60_000)
    expect(node.history.map(({ status }) => status.containerStatuses?.[0]?.ready)).not.toContain(false)
  })

  it('end with the Pod', async () => {
    runtime.program = () => ({ onTerm: 'ignore' })
    await run({ livenessProbe: probe('liveness') })
    node.delete('a', 60)
    await clock.advance(1_000)
    asked = []
    await clock.advance(50_000)
    expect(asked).toEqual([])
    expect(web()?.ready).toBe(true)
  })
})
