import { describe, expect, it } from 'vitest'
import { attemptsOf, type PodObservation } from '../../../../../agent/pods/pod-observation.ts'
import { podStatus } from '../../../../../agent/pods/status/pod-status.ts'
import type { StatusInput } from '../../../../../agent/pods/status/status-input.ts'
import type { ContainerState } from '../../../../../agent/runtime/runtime.ts'
import type { PodStatus } from '../../../../../shared/api/generated/core-v1.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'
import { at, containerState as container, exited, identity, NOW, running } from '../../../../support/container-state.ts'

const sandbox = { id: 'box', pod: identity, running: true, resources: {}, createdAt: at(-100), ip: '10.0.0.7' }

function compute(containers: ContainerState[], more: Partial<StatusInput> = {}): PodStatus {
  const observed: PodObservation = { sandbox, deadSandboxes: [], containers, hasVolumes: false }
  return podStatus({
    pod: assignedPod('a', { containers: [podContainer('web'), podContainer('side')] }),
    observed,
    memory: { startFailures: new Map(), stopping: new Map(), postStarts: new Map(), resizeTries: new Map() },
    probes: () => ({ started: true, ready: true }),
    message: () => '',
    previous: undefined,
    hostIPs: ['192.0.2.1'],
    nowMs: NOW,
    monotonicMs: NOW,
    ...more,
  })
}
const pod = (restartPolicy: string) =>
  assignedPod('a', { restartPolicy, containers: [podContainer('web'), podContainer('side')] })

describe('phase', () => {
  it.each([
    ['Always', [running, running], 'Running'],
    ['Always', [running, exited(1)], 'Running'],
    ['Always', [exited(0), exited(0)], 'Running'],
    ['Always', [running], 'Pending'],
    ['Always', [], 'Pending'],
    ['OnFailure', [exited(0), exited(0)], 'Succeeded'],
    ['OnFailure', [exited(0), exited(1)], 'Running'],
    ['Never', [exited(0), exited(0)], 'Succeeded'],
    ['Never', [exited(0), exited(1)], 'Failed'],
    ['Never', [exited(1), running], 'Running'],
  ])('with %s and %j is %s', (restartPolicy, states, phase) => {
    const containers = states.map((state, i) => container(i === 0 ? 'web' : 'side', state))
    expect(compute(containers, { pod: pod(restartPolicy) }).phase).toBe(phase)
  })

  it('of a Pod that is ended follows from how its containers ended', () => {
    const ending = {}
    expect(compute([container('web', exited(0)), container('side', exited(0))], { ending }).phase).toBe('Succeeded')
    expect(compute([container('web', exited(0)), container('side', exited(143))], { ending }).phase).toBe('Failed')
    expect(compute([], { ending }).phase).toBe('Failed')
    const evicted = { ending: { phase: 'Failed' }, previous: { phase: 'Pending' } } as const
    const both = [container('web', running), container('side', running)]
    expect(compute(both, evicted).phase).toBe('Running')
  })

  it('stays what it was once it is over', () => {
    expect(compute([container('web', running)], { previous: { phase: 'Succeeded' } }).phase).toBe('Succeeded')
  })
})

describe('a container’s state', () => {
  const web = (containers: ContainerState[], more: Partial<StatusInput> = {}) =>
    compute(containers, more).containerStatuses?.[0]

  it('goes on saying that it ran out of memory where the runtime has forgotten it', () => {
    const previous = compute([container('web', { ...exited(137), oomKilled: true })], { pod: pod('Never') })
    const reason = (n: number) =>
      web([container('web', exited(137), { id: `web-${n}`, restartCount: n })], { pod: pod('Never'), previous })?.state
        ?.terminated?.reason
    expect([reason(0), reason(1)]).toEqual(['OOMKilled', 'Error'])
  })

  it('shows how it ended, with whole seconds', () => {
    expect(web([container('web', { ...exited(137), oomKilled: true })], { pod: pod('Never') })?.state).toEqual({
      terminated: {
        exitCode: 137,
        reason: 'OOMKilled',
        startedAt: '2030-01-01T00:59:00Z',
        finishedAt: '2030-01-01T00:59:59Z',
        containerID: 'docker://web-0',
      },
    })
    expect(web([container('web', exited(0))], { pod: pod('Never') })?.state?.terminated?.reason).toBe('Completed')
    const error = 'no such file'
    expect(web([container('web', { ...exited(127), error })], { pod: pod('Never') })?.state?.terminated).toMatchObject({
      reason: 'ContainerCannotRun',
      message: error,
    })
  })

  it('shows what the container was made with', () => {
    const volumeMounts = [
      { name: 'a', mountPath: '/a' },
      { name: 'b', mountPath: '/b', readOnly: true },
    ]
    const made = podContainer('web', { volumeMounts })
    const pod = assignedPod('a', { containers: [made] })
    const status = web([container('web', running, { stopSignal: 'SIGINT' })], { pod })
    expect(status?.stopSignal).toBe('SIGINT')
    expect(web([])?.stopSignal).toBeUndefined()
    expect(status?.volumeMounts).toEqual([
      { name: 'a', mountPath: '/a' },
      { name: 'b', mountPath: '/b', readOnly: true, recursiveReadOnly: 'Disabled' },
    ])
    expect(web([])?.volumeMounts).toBeUndefined()
  })

  it('keeps the end of the instance before', () => {
    const before = container('web', exited(3, 70))
    expect(web([container('web', running, { restartCount: 1 }), before])).toMatchObject({
      restartCount: 1,
      state: { running: { startedAt: '2030-01-01T00:59:00Z' } },
      lastState: { terminated: { exitCode: 3, containerID: 'docker://web-0' } },
    })
  })

  it('is lost when the runtime has nothing of what the API knows to run', () => {
    const previous: PodStatus = {
      containerStatuses: [
        {
          name: 'web',
          ready: true,
          restartCount: 2,
          image: 'app:1',
          imageID: '',
          containerID: 'docker://x',
          state: { running: {} },
        },
      ],
    }
    expect(web([], { previous })).toMatchObject({
      restartCount: 3,
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', containerID: 'docker://x' } },
    })
  })

  it('shows a failed start, then the backoff', () => {
    const failure = { reason: 'RunContainerError', message: 'why', retryAtMs: NOW + 1 }
    const startFailures = new Map([['web', failure]])
    const backoff = { annotations: { 'kubette.dev/restart-backoff-ms': '40000' } }
    const containers = [container('web', exited(127), backoff)]
    const memory = { startFailures, stopping: new Map(), postStarts: new Map(), resizeTries: new Map() }
    expect(web(containers, { memory })?.state?.waiting).toEqual({ reason: 'RunContainerError', message: 'why' })
    expect(web(containers, { memory, nowMs: NOW + 2, monotonicMs: NOW + 2 })?.state?.waiting).toEqual({
      reason: 'CrashLoopBackOff',
      message: 'back-off 40s restarting failed container=web pod=a_default(uid-a)',
    })
  })

  it('is not ready before its probes say so', () => {
    const probes = () => ({ started: false, ready: true })
    expect(web([container('web', running)], { probes })).toMatchObject({ ready: false, started: false })
  })
})

describe('conditions', () => {
  const both = [container('web', running), container('side', running)]

  it('keep their time of transition while they stay the same', () => {
    const first = compute(both)
    const second = compute(both, { previous: first, nowMs: NOW + 60_000 })
    expect(second.conditions).toEqual(first.conditions)
    const third = compute([both[0] as ContainerState], { previous: second, nowMs: NOW + 90_000 })
    const ready = third.conditions?.find(({ type }) => type === 'Ready')
    expect(ready).toMatchObject({ status: 'False', lastTransitionTime: '2030-01-01T01:01:30Z' })
    expect(third.conditions?.find(({ type }) => type === 'Initialized')?.lastTransitionTime).toBe(
      '2030-01-01T01:00:00Z',
    )
  })

  it('do not repeat what others wrote, and wait for readiness gates', () => {
    const gated = assignedPod('a', {
      readinessGates: [{ conditionType: 'x/ok' }],
      containers: [podContainer('web'), podContainer('side')],
    })
    const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: at(-200) }
    const closed = compute(both, { pod: gated, previous: { conditions: [scheduled] } })
    expect(closed.conditions).not.toContainEqual(scheduled)
    expect(closed.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message: 'corresponding condition of pod readiness gate "x/ok" does not exist.',
    })
    const open = compute(both, { pod: gated, previous: { conditions: [{ type: 'x/ok', status: 'True' }] } })
    expect(open.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('True')
  })
})

describe('attemptsOf', () => {
  it('has the newest first', () => {
    const containers = [1, 10, 2].map((restartCount) => container('web', exited(0), { restartCount }))
    const observed = { deadSandboxes: [], containers, hasVolumes: false }
    expect(attemptsOf(observed, 'web').map(({ restartCount }) => restartCount)).toEqual([10, 2, 1])
  })
})
