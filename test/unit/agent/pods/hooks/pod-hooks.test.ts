import { beforeEach, describe, expect, it } from 'vitest'
import type { Lifecycle, PodSpec } from '../../../../../shared/api/generated/core-v1.ts'
import { AgentNode } from '../../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'
import { FakeProber } from '../../../../support/fake-prober.ts'
import type { FakeProgram } from '../../../../support/fake-program.ts'
import { FakeRuntime } from '../../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const exec = (command: string) => ({ exec: { command: [command] } })
const ok = () => ({ exitCode: 0, output: '' })

describe('lifecycle hooks', () => {
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

  const made = (...calls: string[]) => runtime.calls.filter((call) => calls.some((name) => call.startsWith(`${name} `)))
  const web = (index = 0) => node.status('a')?.containerStatuses?.[index]
  const put = (lifecycle: Lifecycle, program: FakeProgram = {}, spec: Partial<PodSpec> = {}) => {
    runtime.program = () => ({ exec: ok, ...program })
    node.put(assignedPod('a', { ...spec, containers: [podContainer('web', { lifecycle }), podContainer('side')] }))
  }
  const isRunning = () => node.status('a')?.phase === 'Running'

  describe('postStart', () => {
    it('holds back the container’s state, its probes and the containers after it until it returns', async () => {
      let asked = 0
      prober.answer = () => ({ success: ++asked > 0, message: '' })
      const readinessProbe = { tcpSocket: { port: 1 }, periodSeconds: 1 }
      runtime.program = () => ({})
      const first = podContainer('web', { lifecycle: { postStart: { sleep: { seconds: 5 } } }, readinessProbe })
      node.put(assignedPod('a', { containers: [first, podContainer('side')] }))
      await clock.advance(4_000)
      expect(made('startContainer')).toEqual(['startContainer web'])
      expect(web()?.state).toEqual({ waiting: { reason: 'ContainerCreating' } })
      expect([web()?.ready, web()?.started, asked]).toEqual([false, false, 0])
      await clock.advance(1_500)
      expect(web()?.state?.running).toBeDefined()
      expect(made('startContainer')).toEqual(['startContainer web', 'startContainer side'])
      await clock.until(() => web()?.ready === true)
    })

    it('runs a command in the container', async () => {
      put({ postStart: exec('warm-up') })
      await clock.until(isRunning)
      expect(made('startContainer', 'exec')).toEqual(['startContainer web', 'exec warm-up', 'startContainer side'])
    })

    it('ends a container by its failure, which is started again by the restartPolicy', async () => {
      put({ postStart: exec('warm-up') }, { exec: () => ({ exitCode: 3, output: 'no luck' }) })
      await clock.until(() => web()?.restartCount === 1)
      expect(node.said()).toContain('FailedPostStartHook: PostStartHook failed')
      expect(node.said()).toContain('Killing: FailedPostStartHook')
      await clock.until(() => web()?.state?.waiting?.reason === 'CrashLoopBackOff')
      expect(node.said().join()).not.toContain('no luck')
    })

    it('is run again by the next agent where it may not have returned, and not where it has', async () => {
      put({ postStart: { sleep: { seconds: 5 } } })
      await clock.advance(4_000)
      node.restartAgent()
      await clock.advance(4_000)
      expect(web()?.state?.waiting).toBeDefined()
      await clock.until(isRunning)
      node.history.length = 0
      node.restartAgent()
      await clock.advance(1_000)
      expect(node.history.map(({ status }) => status.containerStatuses?.[0]?.state?.waiting)).not.toContainEqual(
        expect.anything(),
      )
      expect(made('startContainer')).toHaveLength(2)
    })

    it('does not hold up the deletion of the Pod', async () => {
      put({ postStart: { sleep: { seconds: 1000 } } })
      await clock.advance(4_000)
      node.delete('a', 5)
      await clock.until(() => node.isTerminated('a'), 6_000)
    })
  })

  describe('preStop', () => {
    it('runs before the stop signal, and the other containers do not wait for it', async () => {
      put({ preStop: { sleep: { seconds: 8 } } })
      await clock.until(isRunning)
      node.delete('a', 30)
      await clock.advance(7_000)
      expect(made('stopContainer')).toEqual(['stopContainer side'])
      expect(node.said()).toContain('Killing: Stopping container web')
      await clock.until(() => node.isTerminated('a'), 2_000)
      expect(made('stopContainer')).toEqual(['stopContainer side', 'stopContainer web'])
      expect(web()?.state?.terminated?.exitCode).toBe(0)
    })

    it('counts against the grace period, and leaves two seconds for the stop signal', async () => {
      put({ preStop: { sleep: { seconds: 100 } } }, { onTerm: 'ignore' })
      await clock.until(isRunning)
      node.delete('a', 10)
      await clock.advance(9_500)
      expect(made('stopContainer', 'killContainer')).toEqual(['stopContainer side'])
      await clock.advance(1_000)
      expect(made('stopContainer', 'killContainer')).toEqual([
        'stopContainer side',
        'stopContainer web',
        'killContainer side',
      ])
      expect(runtime.running()).toHaveLength(1)
      await clock.advance(2_000)
      expect(node.isTerminated('a')).toBe(true)
    })

    it('that fails is told, and the stop goes on', async () => {
      put({ preStop: exec('drain') }, { exec: () => ({ exitCode: 1, output: 'no luck' }) })
      await clock.until(isRunning)
      node.delete('a')
      await clock.until(() => node.isTerminated('a'), 2_000)
      expect(node.said()).toContain('FailedPreStopHook: PreStopHook failed')
      expect(made('killContainer')).toEqual([])
    })

    it('that hangs in the runtime holds up nothing beyond the grace period', async () => {
      put({ preStop: exec('drain') })
      await clock.until(isRunning)
      runtime.hangNext('exec')
      node.delete('a', 5)
      await clock.until(() => node.isTerminated('a'), 7_500)
      expect(made('stopContainer')).toEqual(['stopContainer side', 'stopContainer web'])
    })

    it('is not run again by the next agent, which begins the grace period anew', async () => {
      put({ preStop: exec('drain') }, { onTerm: 'ignore' })
      await clock.until(isRunning)
      node.delete('a', 10)
      await clock.advance(6_000)
      node.restartAgent()
      await clock.advance(6_000)
      expect(made('exec')).toEqual(['exec drain'])
      expect(runtime.running()).toHaveLength(2)
      await clock.until(() => node.isTerminated('a'), 5_000)
    })

    it('that an earlier agent began is waited for', async () => {
      put({ preStop: exec('drain') }, { exec: () => undefined })
      await clock.until(isRunning)
      node.delete('a', 60)
      await clock.advance(6_000)
      node.restartAgent()
      await clock.advance(6_000)
      expect(made('exec', 'stopContainer')).toEqual(['stopContainer side', 'exec drain'])
      runtime.executing.clear()
      await clock.advance(2_000)
      expect(made('exec', 'stopContainer').at(-1)).toBe('stopContainer web')
      expect(made('exec')).toHaveLength(1)
    })

    it('that is to sleep sleeps for what is left, whatever the clock says', async () => {
      put({ preStop: { sleep: { seconds: 20 } } })
      await clock.until(isRunning)
      node.delete('a', 60)
      await clock.advance(15_000)
      node.restartAgent()
      await clock.advance(3_000)
      expect(made('stopContainer')).not.toContain('stopContainer web')
      await clock.until(() => node.isTerminated('a'), 4_000)
    })

    it('is run although the runtime keeps no notes', async () => {
      put({ preStop: exec('drain') })
      await clock.until(isRunning)
      runtime.failNext('note')
      runtime.failNext('keepNote', undefined, 2)
      node.delete('a')
      await clock.until(() => node.isTerminated('a'), 2_000)
      expect(made('exec')).toEqual(['exec drain'])
    })

    it('is not run without any grace period', async () => {
      put({ preStop: exec('drain') })
      await clock.until(isRunning)
      node.delete('a', 0)
      await clock.until(() => node.isTerminated('a'), 2_000)
      expect(made('exec', 'stopContainer')).toEqual([])
    })

    it('runs also before a restart, within the grace period of the probe', async () => {
      runtime.program = () => ({ exec: ok, onTerm: 'ignore' })
      const livenessProbe = {
        tcpSocket: { port: 1 },
        periodSeconds: 1,
        failureThreshold: 1,
        terminationGracePeriodSeconds: 4,
      }
      const lifecycle = { preStop: exec('drain') }
      node.put(assignedPod('a', { containers: [podContainer('web', { lifecycle, livenessProbe })] }))
      await clock.until(isRunning)
      prober.answer = () => ({ success: false, message: 'down' })
      await clock.until(() => made('exec').length === 1)
      const begunMs = clock.now()
      await clock.until(() => web()?.restartCount === 1)
      expect(clock.now() - begunMs).toBeGreaterThan(3_500)
      expect(clock.now() - begunMs).toBeLessThan(5_500)
      expect(made('exec', 'stopContainer', 'killContainer').slice(0, 3)).toEqual([
        'exec drain',
        'stopContainer web',
        'killContainer web',
      ])
    })
  })

  it('of a kind that Kubernetes only keeps for compatibility fail when they are run', async () => {
    put({ preStop: { tcpSocket: { port: 80 } } })
    await clock.until(isRunning)
    node.delete('a')
    await clock.until(() => node.isTerminated('a'), 2_000)
    expect(node.said()).toContain('FailedPreStopHook: PreStopHook failed')
  })
})
