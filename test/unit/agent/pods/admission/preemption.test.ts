import { beforeEach, describe, expect, it } from 'vitest'
import { admitPod } from '../../../../../agent/pods/admission/pod-admission.ts'
import type { Pod } from '../../../../../shared/api/kinds.ts'
import { AgentNode } from '../../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const CRITICAL = 2_000_000_000

type Amounts = Record<string, string>
const asking = (name: string, requests: Amounts, priority = 0, limits: Amounts = {}) =>
  assignedPod(name, { priority, containers: [podContainer('web', { resources: { requests, limits } })] })

describe('a critical Pod for which there is no room', () => {
  const preempted = (pod: Pod, holders: Pod[], allocatable: Amounts = { cpu: '2', memory: '1Gi', pods: '10' }) => {
    const facts = {
      allowedUnsafeSysctls: [],
      hasAppArmor: false,
      others: [],
      pressure: [],
      node: undefined,
      allocatable,
      holders,
    }
    const admission = admitPod(pod, facts)
    return admission.taken ? admission.preempted.map(({ metadata }) => metadata.name) : admission.refusal
  }

  it('pushes nobody off who has nothing of what it lacks', () => {
    const holders = [asking('none', {}), asking('memory', { memory: '512Mi' }), asking('all', { cpu: '2' })]
    expect(preempted(asking('new', { cpu: '1' }, CRITICAL), holders)).toEqual(['all'])
    expect(preempted(asking('new', { memory: '512Mi' }, CRITICAL), holders)).toEqual([])
  })

  it('takes as few as possible, and of these the smaller', () => {
    const holders = [asking('a', { cpu: '300m' }), asking('b', { cpu: '900m' }), asking('c', { cpu: '800m' })]
    expect(preempted(asking('new', { cpu: '700m' }, CRITICAL), holders)).toEqual(['c'])
    expect(preempted(asking('new', { cpu: '1200m' }, CRITICAL), holders)).toEqual(['b', 'a'])
  })

  it('takes those that were promised most last', () => {
    const guaranteed = { cpu: '1', memory: '512Mi' }
    const holders = [asking('guaranteed', guaranteed, 0, guaranteed), asking('burstable', { cpu: '500m' })]
    expect(preempted(asking('new', { cpu: '1' }, CRITICAL), holders)).toEqual(['burstable'])
    expect(preempted(asking('new', { cpu: '2' }, CRITICAL), holders)).toEqual(['burstable', 'guaranteed'])
    const full = { pods: '2', cpu: '2' }
    expect(preempted(asking('new', {}, CRITICAL), [...holders.slice(0, 1), asking('best-effort', {})], full)).toEqual([
      'best-effort',
    ])
  })

  it('takes other critical ones only where they matter less', () => {
    const holders = [asking('system', { cpu: '2' }, CRITICAL)]
    expect(preempted(asking('new', { cpu: '1' }, CRITICAL + 1000), holders)).toEqual(['system'])
    expect(preempted(asking('new', { cpu: '1' }, CRITICAL), holders)).toEqual({
      reason: 'UnexpectedAdmissionError',
      message:
        'Unexpected error while attempting to recover from admission failure: preemption: error finding a set of ' +
        'pods to preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 1000), ]',
    })
  })

  it('is refused for other reasons all the same, and then nobody goes', () => {
    const securityContext = { sysctls: [{ name: 'kernel.msgmax', value: '1' }] }
    const pod = asking('new', { cpu: '1' }, CRITICAL)
    const refused = preempted({ ...pod, spec: { ...pod.spec, securityContext } }, [asking('a', { cpu: '2' })])
    expect(refused).toMatchObject({ reason: 'SysctlForbidden' })
  })
})

describe('a Pod that makes way for a critical one', () => {
  let clock: VirtualClock
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    const runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
  })

  it('has failed, says why, and has its grace period; the critical one runs', async () => {
    node.put(asking('small', { cpu: '1' }))
    node.put(asking('large', { cpu: '3' }))
    await clock.until(() => ['small', 'large'].every((name) => node.status(name)?.phase === 'Running'))
    node.put(asking('system', { cpu: '1' }, CRITICAL))
    await clock.until(() => node.status('system')?.phase === 'Running')
    await clock.until(() => node.status('small')?.phase === 'Failed')
    expect(node.status('small')).toMatchObject({
      reason: 'Preempting',
      message: 'Preempted in order to admit critical pod',
    })
    expect(node.status('small')?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
    )
    expect(node.said()).toContain('Preempting: Preempted in order to admit critical pod')
    expect(node.status('large')?.phase).toBe('Running')
    node.put(asking('second', { cpu: '1' }))
    await clock.until(() => node.status('second')?.reason === 'OutOfcpu')
  })
})
