import { describe, expect, it } from 'vitest'
import { type Controller, watch } from '../../../../controlplane/reconcile/controller.ts'
import { ApiError } from '../../../../shared/api/api-error.ts'
import { CONFIG_MAPS } from '../../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey } from '../../../../shared/api/object.ts'
import { sleep } from '../../../../shared/clock.ts'
import { startTestControlPlane } from '../../../support/test-control-plane.ts'

type Reconcile = Controller['reconcile']

async function setUp(reconcile: Reconcile, more: Partial<Controller> = {}) {
  const plane = await startTestControlPlane()
  const calls: { key: ObjectKey; atMs: number }[] = []
  const start = plane.clock.now()
  plane.run({
    name: 'test',
    watches: [watch(CONFIG_MAPS, ({ object }) => (object.metadata.namespace === 'default' ? [keyOf(object)] : []))],
    reconcile: (key, signal) => {
      calls.push({ key, atMs: plane.clock.now() - start })
      return reconcile(key, signal)
    },
    ...more,
  })
  await plane.clock.advance(0)
  const create = (name: string) => plane.client.create(CONFIG_MAPS, { metadata: { namespace: 'default', name } })
  return { ...plane, calls, create }
}

describe('controller loop', () => {
  it('reconciles the keys that changes wake', async () => {
    const { clock, client, calls, create } = await setUp(async () => {})
    await create('a')
    await create('b')
    await client.create(CONFIG_MAPS, { metadata: { namespace: 'kube-system', name: 'c' } })
    await clock.advance(10)
    expect(calls.map(({ key }) => key)).toEqual(['default/a', 'default/b'])
  })

  it('works on as many keys at once as it may, and never on one twice', async () => {
    const running = new Map<ObjectKey, number>()
    const most = { atOnce: 0, perKey: 0 }
    const plane = await setUp(
      async (key) => {
        running.set(key, (running.get(key) ?? 0) + 1)
        most.atOnce = Math.max(most.atOnce, running.size)
        most.perKey = Math.max(most.perKey, running.get(key) ?? 0)
        await sleep(plane.clock, 100)
        running.delete(key)
      },
      { concurrency: 3 },
    )
    for (const name of ['a', 'b', 'c', 'd', 'e']) await plane.create(name)
    for (let i = 0; i < 5; i++) {
      await plane.client.modify(CONFIG_MAPS, { namespace: 'default', name: 'a' }, (draft) => {
        draft.data = { i: String(i) }
      })
      await plane.clock.advance(10)
    }
    await plane.clock.advance(1_000)
    expect(most).toEqual({ atOnce: 3, perKey: 1 })
    expect(plane.calls.filter(({ key }) => key === 'default/a')).toHaveLength(2)
  })

  it('tries again what fails, later and later, and at once after the next change', async () => {
    let isBroken = true
    const { clock, client, calls, create } = await setUp(async () => {
      if (isBroken) throw ApiError.conflict(CONFIG_MAPS, 'a', 'again')
    })
    await create('a')
    await clock.advance(5_000)
    const gaps = calls.slice(1).map(({ atMs }, i) => atMs - (calls[i]?.atMs ?? 0))
    expect(gaps.length).toBeGreaterThan(5)
    expect(gaps.length).toBeLessThan(12)
    expect(Math.max(...gaps)).toBe(gaps.at(-1))
    isBroken = false
    await clock.advance(10_000)
    const count = calls.length
    await clock.advance(600_000)
    expect(calls).toHaveLength(count)

    isBroken = true
    await client.modify(CONFIG_MAPS, { namespace: 'default', name: 'a' }, (draft) => {
      draft.data = { a: 'b' }
    })
    await clock.advance(20)
    expect(calls.length - count).toBeGreaterThanOrEqual(2) // the first failure again
  })

  it('comes back when a reconcile asks for it', async () => {
    const { clock, calls } = await setUp(async () => ({ requeueAfterMs: 1_000 }), { watches: [], initialKeys: ['all'] })
    await clock.advance(3_500)
    expect(calls.map(({ key, atMs }) => [key, atMs])).toEqual([
      ['all', 0],
      ['all', 1_000],
      ['all', 2_000],
      ['all', 3_000],
    ])
  })

  it('ends with its signal, after what it is at', async () => {
    let hasFinished = false
    const plane = await setUp(async (_, signal) => {
      await sleep(plane.clock, 60_000, signal).catch(() => undefined)
      await Promise.resolve()
      hasFinished = true
    })
    await plane.create('a')
    await plane.create('b')
    await plane.clock.advance(10)
    await plane.stop()
    expect(hasFinished).toBe(true)
    expect(plane.calls).toHaveLength(1)
  })
})
