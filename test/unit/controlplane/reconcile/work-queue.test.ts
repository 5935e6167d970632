import { describe, expect, it } from 'vitest'
import { WorkQueue } from '../../../../controlplane/reconcile/work-queue.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { settle, VirtualClock } from '../../../support/virtual-clock.ts'

function setUp(backoff?: { initialMs: number; maxMs: number }) {
  const clock = new VirtualClock()
  return { clock, queue: new WorkQueue({ clock, random: seededRandom(1), ...(backoff ? { backoff } : {}) }) }
}

describe('WorkQueue', () => {
  it('hands out keys in order, each once however often it was added', async () => {
    const { queue } = setUp()
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key)
    expect([await queue.take(), await queue.take(), await queue.take()]).toEqual(['a', 'b', 'c'])
    expect(queue.length).toBe(0)
  })

  it('wakes a taker that waits', async () => {
    const { queue } = setUp()
    const taken = queue.take()
    queue.add('a')
    expect(await taken).toBe('a')
  })

  it('keeps a key that is added during work until it is done', async () => {
    const { queue } = setUp()
    queue.add('a')
    await queue.take()
    queue.add('a')
    queue.add('a')
    expect(queue.length).toBe(0)
    queue.done('a')
    expect(queue.length).toBe(1)
    expect(await queue.take()).toBe('a')
    queue.done('a')
    expect(queue.length).toBe(0)
  })

  it('adds later, at the earliest time asked for', async () => {
    const { clock, queue } = setUp()
    queue.addAfter('a', 100)
    queue.addAfter('a', 50)
    queue.addAfter('a', 200)
    await clock.advance(49)
    expect(queue.length).toBe(0)
    await clock.advance(1)
    expect(await queue.take()).toBe('a')
    queue.done('a')
    await clock.advance(1000)
    expect(queue.length).toBe(0)
  })

  it('doubles the delay of each retry up to the maximum, and starts anew after forget', async () => {
    const { clock, queue } = setUp({ initialMs: 100, maxMs: 400 })
    const delays: number[] = []
    const retried = async () => {
      queue.retry('a')
      const before = clock.now()
      await clock.until(() => queue.length === 1, 10_000, 1)
      delays.push(clock.now() - before)
      queue.done((await queue.take()) ?? '')
    }
    for (let i = 0; i < 4; i++) await retried()
    queue.forget('a')
    await retried()
    const floors = [100, 200, 400, 400, 100]
    delays.forEach((delay, i) => {
      expect(delay).toBeGreaterThanOrEqual(floors[i] ?? 0)
      expect(delay).toBeLessThanOrEqual((floors[i] ?? 0) * 1.5 + 1)
    })
    expect(new Set(delays.map((delay, i) => delay / (floors[i] ?? 1))).size).toBeGreaterThan(1) // jitter
  })

  it('sends takers home and forgets what waits when it is closed', async () => {
    const { clock, queue } = setUp()
    const taken = queue.take()
    queue.addAfter('a', 10)
    queue.close()
    expect(await taken).toBeUndefined()
    queue.add('b')
    await clock.advance(100)
    await settle()
    expect(queue.length).toBe(0)
    expect(await queue.take()).toBeUndefined()
  })
})
