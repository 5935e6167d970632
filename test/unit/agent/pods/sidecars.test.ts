import { beforeEach, describe, expect, it } from 'vitest'
import type { Container, Pod } from '../../../../shared/api/generated/core-v1.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeProber } from '../../../support/fake-prober.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const sidecar = (name: string, more: Partial<Container> = {}) =>
  podContainer(name, { restartPolicy: 'Always', ...more })

describe('sidecars', () => {
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

  const calls = (call: string) =>
    runtime.calls.filter((made) => made.startsWith(`${call} `)).map((made) => made.slice(call.length + 1))
  const phase = () => node.status('a')?.phase
  const init = (name: string) => node.status('a')?.initContainerStatuses?.find((status) => status.name === name)
  const condition = (type: string) => node.status('a')?.conditions?.find((found) => found.type === type)
  const put = (spec: Partial<Pod['spec']> & object) => node.put(assignedPod('a', spec))
  const exit = (name: string, exitCode: number) =>
    runtime.exitContainer(runtime.containerOf('a', name)?.id ?? '', { exitCode })

  it('let the next container begin once they have started, and go on beside it', async () => {
    runtime.program = ({ name }) => (name === 'init' ? { exitAfterMs: 1_000 } : {})
    put({ initContainers: [sidecar('proxy'), podContainer('init'), sidecar('logs')] })
    await clock.until(() => phase() === 'Running')
    expect(calls('startContainer')).toEqual(['proxy', 'init', 'logs', 'web'])
    expect(init('proxy')).toMatchObject({ ready: true, started: true, state: { running: {} } })
    expect(init('init')).toMatchObject({ ready: true, state: { terminated: { exitCode: 0 } } })
    expect(condition('Initialized')?.status).toBe('True')
  })

  it('hold the others until their startup probe has passed', async () => {
    let isUp = false
    prober.answer = () => ({ success: isUp, message: isUp ? '' : 'not yet' })
    put({
      initContainers: [
        sidecar('proxy', { startupProbe: { tcpSocket: { port: 1 }, periodSeconds: 1, failureThreshold: 30 } }),
      ],
    })
    await clock.advance(5_000)
    expect(calls('startContainer')).toEqual(['proxy'])
    expect(phase()).toBe('Pending')
    expect(condition('Initialized')).toMatchObject({
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [proxy]',
    })
    isUp = true
    await clock.until(() => phase() === 'Running')
    expect(calls('startContainer')).toEqual(['proxy', 'web'])
  })

  it('are restarted by themselves, whatever the restartPolicy of the Pod', async () => {
    put({ restartPolicy: 'Never', initContainers: [sidecar('proxy')] })
    await clock.until(() => phase() === 'Running')
    exit('proxy', 3)
    await clock.until(() => init('proxy')?.restartCount === 1)
    expect(phase()).toBe('Running')
    expect(calls('startContainer')).toEqual(['proxy', 'web', 'proxy'])
    expect(init('proxy')?.lastState?.terminated?.exitCode).toBe(3)
  })

  it('are restarted while an init container after them still runs', async () => {
    runtime.program = ({ name }) => (name === 'init' ? { exitAfterMs: 20_000 } : {})
    put({ initContainers: [sidecar('proxy'), podContainer('init')] })
    await clock.until(() => init('init')?.state?.running !== undefined)
    exit('proxy', 1)
    await clock.until(() => init('proxy')?.restartCount === 1)
    await clock.until(() => phase() === 'Running')
    expect(calls('startContainer')).toEqual(['proxy', 'init', 'proxy', 'web'])
  })

  it('hold nothing up any more once they had started, also while they wait for a restart', async () => {
    runtime.program = ({ name, restartCount }) => {
      if (name === 'init') return { exitAfterMs: 20_000 }
      return name === 'proxy' && restartCount < 4 ? { exitAfterMs: 2_000, exitCode: 1 } : {}
    }
    put({ initContainers: [sidecar('proxy'), podContainer('init')] })
    await clock.until(() => calls('startContainer').includes('web'), 25_000)
    expect(init('proxy')?.state?.waiting?.reason).toBe('CrashLoopBackOff')
  })

  it('are kept, but init containers that are through are not run again, where somebody removed both', async () => {
    runtime.program = ({ name }) => (name === 'init' ? { exitAfterMs: 100 } : {})
    put({ initContainers: [podContainer('init'), sidecar('proxy')] })
    await clock.until(() => phase() === 'Running')
    for (const name of ['init', 'proxy']) await runtime.removeContainer(runtime.containerOf('a', name)?.id ?? '')
    await clock.advance(5_000)
    expect(calls('startContainer')).toEqual(['init', 'proxy', 'web', 'proxy'])
    expect(phase()).toBe('Running')
  })

  it('count for the readiness of the Pod', async () => {
    let isReady = true
    prober.answer = () => ({ success: isReady, message: isReady ? '' : 'down' })
    put({
      initContainers: [
        sidecar('proxy', { readinessProbe: { tcpSocket: { port: 1 }, periodSeconds: 1, failureThreshold: 1 } }),
      ],
    })
    await clock.until(() => condition('Ready')?.status === 'True')
    isReady = false
    await clock.until(() => condition('Ready')?.status === 'False')
    expect(condition('ContainersReady')).toMatchObject({
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [proxy]',
    })
    expect(condition('Initialized')?.status).toBe('True')
  })

  it('are restarted when they are not alive', async () => {
    prober.answer = ({ httpGet }) => ({ success: httpGet === undefined, message: 'gone' })
    put({
      initContainers: [
        sidecar('proxy', { livenessProbe: { httpGet: { port: 1 }, failureThreshold: 1, periodSeconds: 5 } }),
      ],
    })
    await clock.until(() => init('proxy')?.restartCount === 1)
    expect(node.said()).toContain('Killing: Init container proxy failed liveness probe')
    expect(calls('startContainer').filter((name) => name === 'web')).toHaveLength(1)
  })

  it('do not keep a Pod from its end, which comes after theirs', async () => {
    runtime.program = ({ name }) =>
      name === 'web' ? { exitAfterMs: 2_000 } : { onTerm: { afterMs: 3_000, exitCode: 143 } }
    put({ restartPolicy: 'OnFailure', initContainers: [sidecar('proxy')] })
    await clock.until(() => phase() === 'Running')
    await clock.advance(4_000)
    expect(calls('stopContainer')).toEqual(['proxy'])
    expect(phase()).toBe('Running')
    await clock.until(() => phase() === 'Succeeded')
    expect(calls('startContainer')).toEqual(['proxy', 'web'])
    expect([...runtime.sandboxes.values()].map(({ running }) => running)).toEqual([false])
  })

  it('have ended, and wait for no restart, in a Pod that is over', async () => {
    runtime.program = ({ name, restartCount }) => {
      if (name === 'web') return { exitAfterMs: 2_000 }
      return restartCount === 0 ? { exitAfterMs: 1_000, exitCode: 1 } : { onTerm: { afterMs: 100, exitCode: 0 } }
    }
    put({ restartPolicy: 'Never', initContainers: [sidecar('proxy')] })
    await clock.until(() => phase() === 'Succeeded')
    expect(init('proxy')).toMatchObject({ restartCount: 1, state: { terminated: { exitCode: 0 } } })
    expect(node.said().join()).not.toContain('BackOff')
  })

  it('end with a Pod whose init container failed for good', async () => {
    runtime.program = ({ name }) => (name === 'init' ? { exitAfterMs: 100, exitCode: 1 } : {})
    put({ restartPolicy: 'Never', initContainers: [sidecar('proxy'), podContainer('init')] })
    await clock.until(() => phase() === 'Failed')
    expect(runtime.running()).toEqual([])
    expect(calls('startContainer')).toEqual(['proxy', 'init'])
  })

  it('are stopped last, in the reverse of their order', async () => {
    runtime.program = () => ({ onTerm: { afterMs: 1_000, exitCode: 0 } })
    put({
      containers: [podContainer('web'), podContainer('other')],
      initContainers: [sidecar('proxy'), sidecar('logs')],
    })
    await clock.until(() => phase() === 'Running')
    node.delete('a')
    await clock.advance(500)
    expect(calls('stopContainer')).toEqual(['web', 'other'])
    await clock.advance(1_000)
    expect(calls('stopContainer')).toEqual(['web', 'other', 'logs'])
    await clock.until(() => node.isTerminated('a'))
    expect(calls('stopContainer')).toEqual(['web', 'other', 'logs', 'proxy'])
    expect(calls('killContainer')).toEqual([])
  })

  it('get two seconds to end where the others took the whole grace period', async () => {
    runtime.program = ({ name }) => ({ onTerm: name === 'web' ? 'ignore' : { afterMs: 1_500, exitCode: 0 } })
    put({ initContainers: [sidecar('proxy')] })
    await clock.until(() => phase() === 'Running')
    node.delete('a', 10)
    await clock.until(() => node.isTerminated('a'))
    expect(calls('stopContainer')).toEqual(['web', 'proxy'])
    expect(calls('killContainer')).toEqual(['web'])
    expect(init('proxy')?.state?.terminated?.exitCode).toBe(0)
  })

  it('are taken over by the next agent as they are', async () => {
    put({ initContainers: [sidecar('proxy')] })
    await clock.until(() => phase() === 'Running')
    const before = runtime.running()
    node.restartAgent()
    await clock.advance(60_000)
    expect(runtime.running()).toEqual(before)
  })
})

describe('a restartPolicy of a container’s own', () => {
  it('goes before the Pod’s, and its rules before both', async () => {
    const clock = new VirtualClock()
    const runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    const node = new AgentNode(runtime, clock)
    runtime.program = ({ restartCount }) => ({ exitAfterMs: 100, exitCode: restartCount < 2 ? 42 : 1 })
    const restartPolicyRules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }]
    const web = podContainer('web', { restartPolicy: 'Never', restartPolicyRules })
    node.put(assignedPod('a', { containers: [web] }))
    await clock.until(() => node.status('a')?.phase === 'Failed')
    expect(node.status('a')?.containerStatuses?.[0]).toMatchObject({
      restartCount: 2,
      state: { terminated: { exitCode: 1 } },
    })
  })
})
