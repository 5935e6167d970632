import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StoreOptions } from '../../controlplane/store/journaled-store.ts'
import { Compacted, RevisionMismatch, type Store, type StoreEvent } from '../../controlplane/store/store.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Uint8Array) => Buffer.from(value).toString()

/** What every store must do. `open` makes an empty one. */
export function storeContract(name: string, open: (options?: StoreOptions) => Promise<Store>): void {
  describe(`${name} as a store`, () => {
    let store: Store
    let stop: AbortController
    beforeEach(async () => {
      store = await open({ volatilePrefixes: ['/beat/'], maxEvents: 20 })
      stop = new AbortController()
    })
    afterEach(async () => {
      stop.abort()
      await store.close()
    })

    const put = async (key: string, value = key, expected?: number) =>
      store.put(key, bytes(value), expected ?? (await store.get(key))?.revision ?? 0)
    const keys = async (prefix: string, page = {}) => (await store.list(prefix, page)).items.map(({ key }) => key)
    const take = async (count: number, prefix: string, after: number) => {
      const events: StoreEvent[] = []
      for await (const event of store.watch(prefix, after, stop.signal)) {
        events.push(event)
        if (events.length === count) break
      }
      return events
    }
    const show = (event: StoreEvent) =>
      event.type === 'put'
        ? `${event.revision} put ${event.stored.key}=${text(event.stored.value)} was ${event.previous?.revision ?? 0}`
        : `${event.revision} delete ${event.previous.key} was ${event.previous.revision}`

    it('returns what was put, always the same object, with the revision that wrote it', async () => {
      const stored = await put('/a', 'one')
      expect(stored).toMatchObject({ key: '/a', revision: store.revision })
      expect(text(stored.value)).toBe('one')
      expect(await store.get('/a')).toBe(stored)
      expect((await store.list('/')).items[0]).toBe(stored)
      expect(await store.get('/b')).toBeUndefined()
    })

    it('raises the revision with every write', async () => {
      const first = await put('/a')
      const second = await put('/b')
      const third = await store.delete('/a', first.revision)
      expect(second.revision).toBeGreaterThan(first.revision)
      expect(third).toBeGreaterThan(second.revision)
      expect(store.revision).toBe(third)
    })

    it('refuses to write over what the writer has not seen', async () => {
      const stored = await put('/a')
      await expect(store.put('/a', bytes('x'), 0)).rejects.toMatchObject({ actual: stored.revision })
      await expect(store.put('/a', bytes('x'), stored.revision + 1)).rejects.toThrow(RevisionMismatch)
      await expect(store.put('/b', bytes('x'), stored.revision)).rejects.toMatchObject({ actual: 0 })
      await expect(store.delete('/a', 0)).rejects.toThrow(RevisionMismatch)
      await expect(store.delete('/b', 0)).rejects.toThrow(RevisionMismatch)
      expect(text((await store.get('/a'))?.value ?? bytes(''))).toBe('/a')
    })

    it('lets one of several writers at once win', async () => {
      const { revision } = await put('/a')
      const outcomes = await Promise.allSettled(['x', 'y', 'z'].map((value) => put('/a', value, revision)))
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
      const { revision: actual } = (await store.get('/a')) ?? {}
      for (const { reason } of lost) expect(reason).toMatchObject({ name: 'RevisionMismatch', actual })
    })

    it('lists keys of a prefix in order, by pages', async () => {
      for (const key of ['/p/b', '/p/a', '/q/a', '/p/c', '/p', '/p/a/1']) await put(key)
      expect(await keys('/p/')).toEqual(['/p/a', '/p/a/1', '/p/b', '/p/c'])
      expect(await keys('/p/', { limit: 2 })).toEqual(['/p/a', '/p/a/1'])
      expect(await keys('/p/', { limit: 2, after: '/p/a/1' })).toEqual(['/p/b', '/p/c'])
      expect(await keys('/p/', { after: '/p/c' })).toEqual([])
      expect(await keys('/none/')).toEqual([])
      expect((await store.list('/p/', { limit: 1 })).remaining).toBe(3)
      expect((await store.list('/p/', { limit: 2, after: '/p/a/1' })).remaining).toBe(0)
      expect((await store.list('')).items).toHaveLength(6)
    })

    it('lists a state of the past', async () => {
      const a = await put('/p/a', 'old')
      await put('/p/b')
      const { revision } = store
      await put('/p/a', 'new', a.revision)
      await put('/p/a0')
      await store.delete('/p/b', (await store.get('/p/b'))?.revision ?? 0)
      const listing = await store.list('/p/', { at: revision })
      expect(listing).toMatchObject({ revision, remaining: 0 })
      expect(listing.items.map(({ key, value }) => `${key}=${text(value)}`)).toEqual(['/p/a=old', '/p/b=/p/b'])
      expect(await keys('/p/', { at: revision, limit: 1, after: '/p/a' })).toEqual(['/p/b'])
      await expect(store.list('/p/', { at: store.revision + 1 })).rejects.toThrow(Compacted)
    })

    it('tells a watcher every change of its prefix since a revision, then those that come', async () => {
      const a = await put('/p/a', 'one')
      const after = a.revision
      const b = await put('/p/b')
      await put('/q/a')
      const events = take(3, '/p/', after)
      const changed = await put('/p/a', 'two', a.revision)
      const deleted = await store.delete('/p/b', b.revision)
      expect((await events).map(show)).toEqual([
        `${b.revision} put /p/b=/p/b was 0`,
        `${changed.revision} put /p/a=two was ${a.revision}`,
        `${deleted} delete /p/b was ${b.revision}`,
      ])
    })

    it('gives events the very objects that it lists', async () => {
      const events = take(2, '/p/', store.revision)
      const first = await put('/p/a')
      const second = await put('/p/a')
      const [created, changed] = await events
      expect(created).toMatchObject({ type: 'put', previous: undefined })
      expect(changed?.previous).toBe(first)
      expect(changed?.type === 'put' && changed.stored).toBe(second)
    })

    it('ends a watch without error when its signal aborts', async () => {
      const watching = take(1, '/p/', store.revision)
      await put('/q/a')
      stop.abort()
      expect(await watching).toEqual([])
    })

    it('refuses a watch from a past that is gone, from the future, and of a watcher too slow', async () => {
      const after = store.revision
      const slow = store.watch('/p/', after, stop.signal)[Symbol.asyncIterator]()
      const first = slow.next()
      await put('/p/0')
      expect((await first).done).toBe(false)
      for (let i = 1; i <= 25; i++) await put(`/p/${i}`)
      await expect(slow.next()).rejects.toThrow(Compacted)
      await expect(take(1, '/p/', after)).rejects.toThrow(Compacted)
      await expect(take(1, '/p/', store.revision + 1)).rejects.toThrow(Compacted)
      await expect(store.list('/p/', { at: after })).rejects.toThrow(Compacted)
    })

    it('lets a watcher of a quiet prefix go on, however much happens elsewhere', async () => {
      const watching = take(1, '/quiet/', store.revision)
      for (let i = 0; i <= 60; i++) await put(`/p/${i % 3}`, `${i}`)
      const { revision } = await put('/quiet/a')
      expect((await watching).map(show)).toEqual([`${revision} put /quiet/a=/quiet/a was 0`])
    })

    it('treats volatile keys like all others', async () => {
      const watching = take(2, '/', store.revision)
      const beat = await put('/beat/n1')
      const other = await put('/a')
      expect(other.revision).toBeGreaterThan(beat.revision)
      expect((await watching).map(({ revision }) => revision)).toEqual([beat.revision, other.revision])
      expect(await keys('/')).toEqual(['/a', '/beat/n1'])
    })

    it('refuses writes once it is closed', async () => {
      const kept = put('/a')
      await kept
      await store.close()
      await expect(store.put('/b', bytes('x'), 0)).rejects.toMatchObject({ name: 'StoreUnavailable' })
    })
  })
}
