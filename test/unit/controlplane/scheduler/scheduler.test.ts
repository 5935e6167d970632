import { afterEach, describe, expect, it } from 'vitest'
import type { Client } from '../../../../controlplane/client/client.ts'
import { ApiError } from '../../../../shared/api/api-error.ts'
import { NODES, PODS, type Pod } from '../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../shared/api/object.ts'
import { schedulingApi, stopSchedulers, untilStopped } from '../../../support/scheduling-api.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

afterEach(stopSchedulers)

describe('scheduler', () => {
  it('binds a Pod, and says so', async () => {
    const api = await schedulingApi()
    await api.start()
    await api.node('n1')
    await api.pod('web')
    expect((await api.get('web')).spec.nodeName).toBe('n1')
    expect(await api.condition('web')).toMatchObject({ status: 'True' })
    expect(await api.events('web')).toEqual(['1 Normal Scheduled: Successfully assigned default/web to n1'])
  })

  it('says once why it cannot, and binds when a change helps', async () => {
    const api = await schedulingApi()
    await api.start()
    await api.pod('web', { requests: { cpu: '2' } })
    expect(await api.condition('web')).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message: 'no nodes available to schedule pods',
    })
    await api.node('n1', { allocatable: { cpu: '1' } })
    await api.node('n2', { unschedulable: true })
    await api.clock.advance(20_000)
    const message =
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. ' +
      'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.'
    expect(await api.condition('web')).toMatchObject({ status: 'False', reason: 'Unschedulable', message })
    const told = (await api.events('web')).sort()
    expect(told).toEqual([
      `1 Warning FailedScheduling: ${message}`,
      '1 Warning FailedScheduling: no nodes available to schedule pods',
    ])

    const before = await api.get('web')
    await api.clock.advance(20 * 60_000)
    expect(await api.get('web')).toBe(before)
    expect((await api.events('web')).sort()).toEqual(told)

    await api.client.modify(NODES, { name: 'n2' }, ({ spec }) => {
      delete spec.unschedulable
    })
    await api.clock.advance(10_000)
    expect((await api.get('web')).spec.nodeName).toBe('n2')
  })

  it('gives the place of a Pod that ended to one that waits', async () => {
    const api = await schedulingApi()
    await api.start()
    await api.node('n1', { allocatable: { cpu: '1' } })
    await api.pod('first', { requests: { cpu: '1' } })
    await api.pod('second', { requests: { cpu: '1' } })
    await api.clock.advance(60_000)
    expect((await api.get('second')).spec.nodeName).toBeUndefined()
    await api.client.modify(
      PODS,
      { namespace: 'default', name: 'first' },
      (draft) => {
        draft.status = { ...draft.status, phase: 'Succeeded' }
      },
      { status: true },
    )
    await api.clock.advance(0)
    expect((await api.get('second')).spec.nodeName).toBe('n1')
  })

  it('never gives away more than there is, while bindings are under way', async () => {
    const api = await schedulingApi()
    for (const name of ['n1', 'n2', 'n3']) await api.node(name, { allocatable: { cpu: '2' } })
    for (let i = 0; i < 10; i++) await api.pod(`p${i}`, { requests: { cpu: '1' } })
    await api.start()
    await api.clock.advance(1000)
    const { items } = await api.client.list(PODS)
    const perNode = (name: string | undefined) => items.filter(({ spec }) => spec.nodeName === name).length
    expect(['n1', 'n2', 'n3', undefined].map(perNode)).toEqual([2, 2, 2, 4])
  })

  it('leaves alone Pods of other schedulers, gated ones and those being deleted', async () => {
    const api = await schedulingApi()
    await api.node('n1')
    await api.pod('other', { schedulerName: 'mine' })
    await api.pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] })
    await api.pod('leaving', { isTerminating: true })
    const tried: string[] = []
    await api.start({ bind: async ({ metadata }) => void tried.push(metadata.name) })
    expect(tried).toEqual([])
    expect((await api.get('other')).spec.nodeName).toBeUndefined()
    expect((await api.get('gated')).spec.nodeName).toBeUndefined()
    expect(await api.condition('gated')).toMatchObject({
      status: 'False',
      reason: 'SchedulingGated',
      message: 'Scheduling is blocked due to non-empty scheduling gates',
    })
    expect(await api.condition('other')).toBeUndefined()
  })

  it('schedules a gated Pod once its gates are removed', async () => {
    const api = await schedulingApi()
    await api.start()
    await api.node('n1')
    await api.pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] })
    await api.client.modify(PODS, { namespace: 'default', name: 'gated' }, (draft) => {
      delete draft.spec.schedulingGates
    })
    await api.clock.advance(0)
    expect((await api.get('gated')).spec.nodeName).toBe('n1')
  })

  it('counts on start what was bound before', async () => {
    const api = await schedulingApi()
    await api.node('n1', { allocatable: { cpu: '1' } })
    const first = await api.start()
    await api.pod('first', { requests: { cpu: '1' } })
    await first.stop()
    await api.start()
    await api.pod('second', { requests: { cpu: '1' } })
    expect((await api.get('second')).spec.nodeName).toBeUndefined()
  })

  it('decides nothing before it knows everything', async () => {
    const api = await schedulingApi()
    await api.node('n1')
    await api.pod('web')
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const list: Client['list'] = async (kind, options) => {
      if (kind.kind === NODES.kind) await gate
      return api.client.list(kind, options)
    }
    await api.start({ list })
    await api.clock.advance(10_000)
    expect(await api.condition('web')).toBeUndefined()
    open()
    await api.clock.advance(0)
    expect((await api.get('web')).spec.nodeName).toBe('n1')
  })

  it('does nothing more once it is stopped', async () => {
    const api = await schedulingApi()
    const scheduler = await api.start()
    await api.node('n1')
    await scheduler.stop()
    await api.pod('web')
    await api.clock.advance(60_000)
    expect((await api.get('web')).spec.nodeName).toBeUndefined()
  })
})

describe('a binding that fails', () => {
  it('frees the place, is told, and is tried again', async () => {
    const api = await schedulingApi()
    await api.node('n1', { allocatable: { cpu: '1' } })
    let failures = 2
    const bind: Client['bind'] = async (pod, nodeName) => {
      if (failures-- > 0) throw new ApiError('ServiceUnavailable', 'the store cannot write')
      await api.client.bind(pod, nodeName)
    }
    await api.start({ bind })
    await api.pod('web', { requests: { cpu: '1' } })
    expect(await api.condition('web')).toMatchObject({
      reason: 'SchedulerError',
      message: 'binding rejected: the store cannot write',
    })
    await api.clock.advance(2999)
    expect((await api.get('web')).spec.nodeName).toBeUndefined()
    await api.clock.advance(1)
    expect((await api.get('web')).spec.nodeName).toBe('n1')
  })

  it('accepts that the binding came through although it seemed to fail', async () => {
    const api = await schedulingApi()
    await api.node('n1')
    const bind: Client['bind'] = async (pod, nodeName) => {
      await api.client.bind(pod, nodeName)
      throw new ApiError('Timeout', 'no answer')
    }
    await api.start({ bind })
    await api.pod('web')
    await api.clock.advance(60_000)
    expect((await api.get('web')).spec.nodeName).toBe('n1')
    expect(await api.condition('web')).toMatchObject({ status: 'True' })
  })

  it('gives up a Pod that was deleted meanwhile, and frees its place', async () => {
    const api = await schedulingApi()
    await api.node('n1', { allocatable: { cpu: '1' } })
    const bind: Client['bind'] = async (pod, nodeName) => {
      if (pod.metadata.name === 'gone') await api.client.delete(PODS, { namespace: 'default', name: 'gone' })
      await api.client.bind(pod, nodeName)
    }
    await api.start({ bind })
    await api.pod('gone', { requests: { cpu: '1' } })
    await api.pod('next', { requests: { cpu: '1' } })
    await api.clock.advance(10_000)
    expect((await api.get('next')).spec.nodeName).toBe('n1')
  })
})

it('binds each Pod once and for all, with two schedulers at work and bindings that fail by chance', async () => {
  const api = await schedulingApi()
  const random = seededRandom(7)
  const bind: Client['bind'] = async (pod, nodeName) => {
    if (random.next() < 0.2) throw new ApiError('ServiceUnavailable', 'not now')
    await api.client.bind(pod, nodeName)
    if (random.next() < 0.2) throw new ApiError('Timeout', 'no answer')
  }
  const seen = new Map<string, string>()
  const watch = async () => {
    const { resourceVersion } = await api.client.list(PODS)
    for await (const event of api.client.watch(PODS, { resourceVersion }, untilStopped())) {
      if (event.type !== 'BOOKMARK') expectBoundOnce(event.object, seen)
    }
  }
  const watching = watch()
  await api.start({ bind })
  await api.start({ bind })
  for (let i = 0; i < 3; i++) await api.node(`n${i}`, { allocatable: { cpu: '5' } })
  for (let i = 0; i < 15; i++) await api.pod(`p${i}`, { requests: { cpu: '1' } })
  await api.clock.until(() => seen.size === 15, 120_000, 500)
  stopSchedulers()
  await watching
})

function expectBoundOnce({ metadata, spec }: Persisted<Pod>, seen: Map<string, string>): void {
  const before = seen.get(metadata.uid)
  if (before !== undefined) expect(spec.nodeName).toBe(before)
  if (spec.nodeName) seen.set(metadata.uid, spec.nodeName)
}
