import { beforeEach, describe, expect, it } from 'vitest'
import type { FilterPlugin } from '../../../../controlplane/scheduler/framework.ts'
import { NodeInfo } from '../../../../controlplane/scheduler/node-info.ts'
import { type QueuedPod, SchedulingQueue } from '../../../../controlplane/scheduler/queue.ts'
import { aPod, type PodShape } from '../../../support/scheduling-objects.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const plugin: FilterPlugin = { name: 'Any', filter: () => undefined, wokenBy: {} }
const refusedBy = new Set([plugin])
const change = { type: 'nodeAdded', node: new NodeInfo('n1') } as const

describe('scheduling queue', () => {
  let clock: VirtualClock
  let queue: SchedulingQueue
  let due: number
  let gated: string[]
  let helps: (name: string) => boolean

  beforeEach(() => {
    clock = new VirtualClock()
    due = 0
    gated = []
    helps = () => true
    queue = new SchedulingQueue(clock, {
      waker: { isAwaited: () => true, canHelp: (_, pod) => helps(pod.pod.metadata.name) },
      onDue: () => due++,
      onGated: (pod) => gated.push(pod.metadata.name),
    })
  })

  const set = (name: string, shape: PodShape = {}) => queue.set(aPod(name, shape))
  const take = (): QueuedPod => {
    const pod = queue.pop()
    if (!pod) throw new Error('nothing is due')
    return pod
  }
  const popAll = () => {
    const names: string[] = []
    for (let pod = queue.pop(); pod; pod = queue.pop()) names.push(pod.info.pod.metadata.name)
    return names
  }

  it('hands out by priority, then by age, and each Pod once', () => {
    set('old')
    set('low', { priority: -1 })
    set('young')
    set('high', { priority: 10 })
    set('old')
    expect(popAll()).toEqual(['high', 'old', 'young', 'low'])
    expect(due).toBe(4)
  })

  it('lets a refused Pod sleep until a change helps it', async () => {
    set('a')
    set('b')
    for (const pod of [take(), take()]) queue.refused(pod, refusedBy)
    await clock.advance(60_000)
    expect(popAll()).toEqual([])
    helps = (name) => name === 'b'
    queue.changed(change)
    expect(popAll()).toEqual(['b'])
  })

  it('backs off for 1 s, 2 s, 4 s, 8 s, then 10 s each time', async () => {
    set('a')
    const delays: number[] = []
    for (let attempt = 0; attempt < 6; attempt++) {
      queue.refused(take(), refusedBy)
      queue.changed(change)
      const from = clock.monotonic()
      const before = due
      await clock.until(() => due > before, 60_000, 100)
      delays.push(clock.monotonic() - from)
    }
    expect(delays).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000])
  })

  it('wakes at once a Pod whose backoff is long over', async () => {
    set('a')
    queue.refused(take(), refusedBy)
    await clock.advance(1000)
    queue.changed(change)
    expect(popAll()).toEqual(['a'])
  })

  it('tries a refused Pod again after five minutes anyway', async () => {
    set('a')
    queue.refused(take(), refusedBy)
    await clock.advance(5 * 60_000 - 1)
    expect(popAll()).toEqual([])
    await clock.advance(1)
    expect(popAll()).toEqual(['a'])
  })

  it('flushes each at its own time, also when an older one was woken', async () => {
    set('a')
    queue.refused(take(), refusedBy)
    await clock.advance(60_000)
    set('b')
    queue.refused(take(), refusedBy)
    helps = (name) => name === 'a'
    queue.changed(change)
    expect(popAll()).toEqual(['a'])
    await clock.advance(5 * 60_000)
    expect(popAll()).toEqual(['b'])
  })

  it('tries again after its backoff what could not be bound', async () => {
    set('a')
    queue.failed(take())
    await clock.advance(999)
    expect(popAll()).toEqual([])
    await clock.advance(1)
    expect(popAll()).toEqual(['a'])
  })

  it('wakes a refused Pod that was changed itself, but not by its status', async () => {
    set('a')
    queue.refused(take(), refusedBy)
    await clock.advance(1000)
    queue.set({ ...aPod('a'), status: { phase: 'Pending', message: 'refused' } })
    expect(popAll()).toEqual([])
    set('a', { labels: { tier: 'web' } })
    expect(popAll()).toEqual(['a'])
  })

  it('holds back a gated Pod until its gates are gone', () => {
    set('a', { schedulingGates: [{ name: 'example.com/wait' }] })
    queue.changed(change)
    expect([popAll(), gated]).toEqual([[], ['a']])
    set('a', { schedulingGates: [] })
    expect(popAll()).toEqual(['a'])
  })

  it('does not hand out again a Pod that is being bound, whatever is written to it', async () => {
    set('a')
    take()
    set('a', { labels: { tier: 'web' } })
    queue.changed(change)
    await clock.advance(10 * 60_000)
    expect(popAll()).toEqual([])
  })

  it.each([
    ['waits', () => {}],
    ['sleeps', () => queue.refused(take(), refusedBy)],
    ['backs off', () => queue.failed(take())],
  ])('forgets a deleted Pod that %s', async (_, prepare) => {
    set('a')
    prepare()
    queue.delete('uid-a')
    const before = due
    helps = () => false
    queue.changed(change)
    await clock.advance(10 * 60_000)
    expect(due).toBe(before)
    expect(popAll()).toEqual([])
  })

  it('does not take back a Pod that was deleted while it was handed out', async () => {
    set('a')
    const pod = take()
    queue.delete('uid-a')
    queue.failed(pod)
    queue.refused(pod, refusedBy)
    await clock.advance(10 * 60_000)
    expect(popAll()).toEqual([])
  })
})
