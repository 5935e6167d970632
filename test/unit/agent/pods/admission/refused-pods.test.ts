import { beforeEach, describe, expect, it } from 'vitest'
import { AgentNode } from '../../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

describe('a Pod that its node does not take', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
  })

  const withPort = (name: string) =>
    assignedPod(name, { containers: [podContainer('web', { ports: [{ containerPort: 80, hostPort: 8080 }] })] })
  const phase = (name: string) => node.status(name)?.phase
  const rejected = (name: string) => clock.until(() => phase(name) === 'Failed')

  it('has failed, with the reason, and nothing of it is made', async () => {
    const sysctls = [{ name: 'kernel.msgmax', value: '1' }]
    node.put(assignedPod('a', { securityContext: { sysctls } }))
    await rejected('a')
    expect(node.status('a')).toMatchObject({
      reason: 'SysctlForbidden',
      message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
    })
    expect(node.status('a')).not.toHaveProperty('containerStatuses')
    node.restartAgent()
    await clock.advance(5_000)
    expect(node.status('a')).not.toHaveProperty('containerStatuses')
    expect(node.said()).toEqual(['SysctlForbidden: forbidden sysctl: "kernel.msgmax" not allowlisted'])
    await clock.advance(120_000)
    expect(runtime.sandboxes.size + runtime.containers.size).toBe(0)
    expect(node.said()).toHaveLength(1)
    node.delete('a')
    await clock.until(() => node.isTerminated('a'))
    expect(node.status('a')).toMatchObject({ phase: 'Failed', reason: 'SysctlForbidden' })
  })

  it('keeps the conditions that it had, once each', async () => {
    const scheduled = { type: 'PodScheduled', status: 'True' }
    const securityContext = { sysctls: [{ name: 'kernel.msgmax', value: '1' }] }
    node.put({ ...assignedPod('a', { securityContext }), status: { conditions: [scheduled] } })
    await rejected('a')
    node.put({ ...assignedPod('a', { securityContext }), status: node.status('a') ?? {} })
    await clock.advance(1_000)
    expect(node.status('a')?.conditions).toEqual([scheduled])
  })

  it('takes one of two Pods that want the same port, and the next when that one is gone', async () => {
    node.put(withPort('a'))
    await clock.until(() => phase('a') === 'Running')
    node.put(withPort('b'))
    await rejected('b')
    expect(node.status('b')?.reason).toBe('NodePorts')
    node.delete('a')
    await clock.until(() => node.isTerminated('a'))
    node.put(withPort('c'))
    await clock.until(() => phase('c') === 'Running')
    expect(phase('b')).toBe('Failed')
  })

  it('does not count one whose end is told, while what is left of it is removed', async () => {
    node.put(withPort('a'))
    await clock.until(() => phase('a') === 'Running')
    runtime.failNext('removeSandbox', undefined, 3)
    node.delete('a')
    await clock.until(() => phase('a') === 'Succeeded' || phase('a') === 'Failed')
    expect(node.isTerminated('a')).toBe(false)
    node.put(withPort('b'))
    await clock.until(() => phase('b') !== undefined && phase('b') !== 'Pending')
    expect(phase('b')).toBe('Running')
  })

  it('does not count one that was deleted without grace and is still being ended', async () => {
    node.put(withPort('a'))
    await clock.until(() => phase('a') === 'Running')
    node.remove('a')
    node.put(withPort('b'))
    expect(runtime.sandboxes.size).toBe(1)
    await clock.until(() => phase('b') === 'Running')
  })

  it('goes on with what it has begun, whatever a new agent would say', async () => {
    node.put(withPort('a'))
    node.put(assignedPod('b'))
    await clock.until(() => phase('a') === 'Running' && phase('b') === 'Running')
    const b = withPort('b')
    node.put({ ...b, status: node.status('b') ?? {} })
    node.restartAgent()
    await clock.advance(5_000)
    expect([phase('a'), phase('b')]).toEqual(['Running', 'Running'])
  })
})
