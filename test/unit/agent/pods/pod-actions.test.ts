import { describe, expect, it } from 'vitest'
import { type PodSituation, planFinish, planSync, planTermination } from '../../../../agent/pods/pod-actions.ts'
import type { StopReason } from '../../../../agent/pods/pod-memory.ts'
import type { ContainerState } from '../../../../agent/runtime/runtime.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { at, containerState as container, exited, identity, NOW, running } from '../../../support/container-state.ts'

const box = (id: string, running = true) => ({ id, pod: identity, running, resources: {}, createdAt: at(-100) })

const created = { phase: 'created' } as const

const two = (restartPolicy = 'Always') =>
  assignedPod('a', { restartPolicy, containers: [podContainer('web'), podContainer('side')] })

function situation(containers: ContainerState[], more: Partial<PodSituation> = {}): PodSituation {
  return {
    pod: two(),
    observed: { sandbox: box('box'), deadSandboxes: [], containers, hasVolumes: false },
    memory: { startFailures: new Map(), stopping: new Map(), postStarts: new Map(), resizeTries: new Map() },
    givenUp: new Map(),
    isStarted: () => true,
    nowMs: NOW,
    monotonicMs: NOW,
    ...more,
  }
}
const summary = (plan: ReturnType<typeof planSync>) =>
  plan.actions.map((action) => {
    switch (action.type) {
      case 'startContainer':
        return `start ${action.container.name} ${action.restartCount} ${action.backoffMs}`
      case 'stopContainer':
      case 'killContainer':
        return `${action.type} ${action.target.id} ${action.why}`
      case 'removeContainer':
      case 'stopSandbox':
      case 'removeSandbox':
        return `${action.type} ${action.id}`
      default:
        return action.type
    }
  })

describe('planSync', () => {
  it('begins with a sandbox, and then starts what is missing', () => {
    const none = { deadSandboxes: [], containers: [], hasVolumes: false }
    expect(summary(planSync(situation([], { observed: none })))).toEqual(['runSandbox'])
    expect(summary(planSync(situation([])))).toEqual(['start web 0 0', 'start side 0 0'])
    expect(summary(planSync(situation([container('web', running)])))).toEqual(['start side 0 0'])
  })

  it('has nothing to do where all runs', () => {
    expect(planSync(situation([container('web', running), container('side', running)]))).toEqual({ actions: [] })
  })

  it('ends what runs in a dead sandbox before it makes another', () => {
    const observed = { deadSandboxes: [box('box', false)], hasVolumes: false }
    const alive = [container('web', running), container('side', exited(0))]
    expect(summary(planSync(situation([], { observed: { ...observed, containers: alive } })))).toEqual([
      'stopContainer web-0 sandboxGone',
    ])
    const over = [container('web', exited(0)), container('side', exited(0))]
    expect(summary(planSync(situation([], { observed: { ...observed, containers: over } })))).toEqual([
      'removeSandbox box',
      'runSandbox',
    ])
  })

  it('ends a container that runs outside of the sandbox that there is, and starts none before', () => {
    const stray = container('web', running, { sandboxId: 'old' })
    expect(summary(planSync(situation([stray])))).toEqual(['stopContainer web-0 sandboxGone'])
  })

  it('gives a Pod that may run only once no second sandbox', () => {
    const observed = { deadSandboxes: [], containers: [container('web', exited(0))], hasVolumes: false }
    expect(summary(planSync(situation([], { observed, pod: two('Never') })))).toEqual([])
    expect(summary(planSync(situation([], { observed, pod: two('OnFailure') })))).toEqual(['runSandbox'])
    const pod = assignedPod('a', { restartPolicy: 'Never', initContainers: [podContainer('init')] })
    const failedInit = { ...observed, containers: [container('init', exited(1))] }
    expect(summary(planSync(situation([], { observed: failedInit, pod })))).toEqual([])
  })

  it('waits between tries to make a sandbox', () => {
    const observed = { deadSandboxes: [], containers: [], hasVolumes: false }
    const memory = {
      startFailures: new Map(),
      stopping: new Map(),
      postStarts: new Map(),
      resizeTries: new Map(),
      sandboxRetryAtMs: NOW + 500,
    }
    expect(planSync(situation([], { observed, memory }))).toEqual({ actions: [], wakeAtMs: NOW + 500 })
  })

  it('restarts at once, then only after the backoff, which grows', () => {
    const side = container('side', running)
    expect(summary(planSync(situation([container('web', exited(1)), side])))).toEqual(['start web 1 10000'])
    const annotations = { 'kubette.dev/restart-backoff-ms': '20000' }
    const waiting = container('web', exited(1, 5), { annotations, restartCount: 2 })
    expect(planSync(situation([waiting, side]))).toEqual({ actions: [], wakeAtMs: NOW + 15_000 })
    const due = container('web', exited(1, 20), { annotations, restartCount: 2 })
    expect(summary(planSync(situation([due, side])))).toEqual(['start web 3 40000'])
  })

  it('puts a container that was never started back in its place', () => {
    const side = container('side', running)
    const left = container('web', created, {
      restartCount: 3,
      annotations: { 'kubette.dev/restart-backoff-ms': '20000' },
    })
    expect(summary(planSync(situation([left, side])))).toEqual(['removeContainer web-3', 'start web 3 20000'])
  })

  it('starts a new definition at once, whatever the restartPolicy', () => {
    const pod = assignedPod('a', { restartPolicy: 'Never', containers: [podContainer('web', { image: 'app:2' })] })
    const old = container('web', running)
    expect(summary(planSync(situation([old], { pod })))).toEqual(['stopContainer web-0 definitionChanged'])
    const why: StopReason = 'definitionChanged'
    const stopping = new Map([['web-0', { why, killAtMs: NOW + 30_000, inPreStop: false, toldAtMs: NOW }]])
    const memory = { startFailures: new Map(), stopping, postStarts: new Map(), resizeTries: new Map() }
    const ended = container('web', exited(0), { annotations: { 'kubette.dev/restart-backoff-ms': '20000' } })
    expect(summary(planSync(situation([ended], { pod, memory })))).toEqual(['start web 1 0'])
    expect(summary(planSync(situation([ended], { pod })))).toEqual([])
  })

  it('gives a container the grace period of the probe that gave it up', () => {
    const livenessProbe = { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 3 }
    const pod = assignedPod('a', { containers: [podContainer('web', { livenessProbe })] })
    const killAt = (why: StopReason) => {
      const [action] = planSync(
        situation([container('web', running)], { pod, givenUp: new Map([['web-0', why]]) }),
      ).actions
      return action?.type === 'stopContainer' && action.killAtMs - NOW
    }
    expect([killAt('livenessFailed'), killAt('startupFailed')]).toEqual([3_000, 30_000])
  })

  it('does not start again what a probe ended where that is ruled out', () => {
    const givenUp = new Map<string, StopReason>([['web-0', 'livenessFailed']])
    const pod = assignedPod('a', { restartPolicy: 'Never' })
    expect(summary(planSync(situation([container('web', running)], { pod, givenUp })))).toEqual([
      'stopContainer web-0 livenessFailed',
    ])
    expect(summary(planSync(situation([container('web', exited(137))], { pod })))).toEqual([])
  })

  it('runs init containers again in a new sandbox, and not while a container of the Pod is begun', () => {
    const pod = assignedPod('a', { initContainers: [podContainer('init')] })
    const before = [
      container('init', exited(0), { sandboxId: 'old' }),
      container('web', exited(0), { sandboxId: 'old' }),
    ]
    expect(summary(planSync(situation(before, { pod })))).toEqual(['start init 1 10000'])
    const begun = [container('web', running)]
    expect(summary(planSync(situation(begun, { pod })))).toEqual([])
  })
})

describe('planTermination', () => {
  it('asks, kills at the deadline, and kills again while that shows no effect', () => {
    const web = container('web', running)
    const deadline = NOW + 5_000
    expect(summary(planTermination(situation([web]), deadline))).toEqual(['stopContainer web-0 podEnds'])
    const asked = { why: 'podEnds' as const, killAtMs: deadline, inPreStop: false, toldAtMs: NOW }
    const later = (seconds: number, killedAtMs?: number) => {
      const stopping = new Map([['web-0', { ...asked, ...(killedAtMs === undefined ? {} : { killedAtMs }) }]])
      const memory = { startFailures: new Map(), stopping, postStarts: new Map(), resizeTries: new Map() }
      return planTermination(
        situation([web], { memory, nowMs: NOW + seconds * 1000, monotonicMs: NOW + seconds * 1000 }),
        deadline,
      )
    }
    expect(later(1)).toEqual({ actions: [], wakeAtMs: deadline })
    expect(summary(later(5))).toEqual(['killContainer web-0 podEnds'])
    expect(later(6, deadline)).toEqual({ actions: [], wakeAtMs: deadline + 10_000 })
    expect(summary(later(15, deadline))).toEqual(['killContainer web-0 podEnds'])
  })

  it('removes everything once nothing runs', () => {
    const observed = {
      sandbox: box('box'),
      deadSandboxes: [box('old', false)],
      containers: [container('web', exited(0)), container('side', created)],
      hasVolumes: true,
    }
    expect(summary(planTermination(situation([], { observed }), NOW))).toEqual([
      'removeContainer web-0',
      'removeContainer side-0',
      'removeSandbox old',
      'removeSandbox box',
      'removeVolumes',
    ])
  })
})

describe('planFinish', () => {
  it('ends what runs, then the sandbox, and keeps the containers', () => {
    expect(summary(planFinish(situation([container('web', running)])))).toEqual(['stopContainer web-0 podEnds'])
    expect(summary(planFinish(situation([container('web', exited(0))])))).toEqual(['stopSandbox box'])
  })
})
