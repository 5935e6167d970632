import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../../controlplane/store/memory-store.ts'
import { CONFIG_MAPS, type ConfigMap, PODS } from '../../../../shared/api/kinds.ts'
import { parseFieldSelector, parseLabelSelector } from '../../../../shared/selectors.ts'
import { testPod, testRegistry } from '../../../support/test-registry.ts'
import { settle } from '../../../support/virtual-clock.ts'

const key = (name: string) => ({ namespace: 'default', name })

async function setup(store = new MemoryStore()) {
  const test = await testRegistry(store)
  const label = (name: string, labels: Record<string, string>) =>
    test.registry.update(
      CONFIG_MAPS,
      key(name),
      (current) => ({ ...current, metadata: { ...current.metadata, labels } }) as ConfigMap,
      {},
    )
  const create = (name: string, labels = {}) => test.create(CONFIG_MAPS, { metadata: { name, labels } })
  const remove = (name: string) => test.registry.delete(CONFIG_MAPS, key(name), {})
  return { ...test, createPod: test.create, create, label, remove }
}

describe('watch', () => {
  it('begins with all there is, unless it is told where to begin', async () => {
    const { watch, create, store } = await setup()
    await create('a')
    const { revision } = store
    const fromNothing = watch(CONFIG_MAPS)
    const fromZero = watch(CONFIG_MAPS, { after: 0 })
    const fromHere = watch(CONFIG_MAPS, { after: revision })
    const streaming = watch(CONFIG_MAPS, { after: revision, sendInitialEvents: true })
    await settle()
    await create('b')
    for (const each of [fromNothing, fromZero, fromHere, streaming]) await each.stop()
    expect(fromNothing.events).toEqual(['ADDED a', 'ADDED b'])
    expect(fromZero.events).toEqual(['ADDED a', 'ADDED b'])
    expect(fromHere.events).toEqual(['ADDED b'])
    expect(streaming.events).toEqual(['ADDED a', 'initial events end', 'ADDED b'])
  })

  it('tells additions, changes and deletions in order, of its namespace alone', async () => {
    const { watch, create, label, remove, registry, store } = await setup()
    const watching = watch(CONFIG_MAPS, { namespace: 'default', after: store.revision })
    await create('a')
    await registry.create(CONFIG_MAPS, { metadata: { name: 'x' } }, { namespace: 'kube-system' })
    await label('a', { new: 'label' })
    await remove('a')
    await watching.stop()
    expect(watching.events).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a'])
  })

  it('treats what begins or ceases to match as added and deleted', async () => {
    const { watch, create, label, remove, store } = await setup()
    const watching = watch(CONFIG_MAPS, { labels: parseLabelSelector('app=web'), after: store.revision })
    await create('a')
    await label('a', { app: 'web' })
    await label('a', { app: 'web', more: '1' })
    await label('a', { app: 'db' })
    await label('a', { app: 'db', more: '1' })
    await remove('a')
    await create('b', { app: 'web' })
    await remove('b')
    await watching.stop()
    expect(watching.events).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b', 'DELETED b'])
  })

  it('gives what leaves the state that it last matched in, with the revision of its leaving', async () => {
    const { registry, create, label, remove, store } = await setup()
    await create('a', { app: 'web' })
    const after = store.revision
    await label('a', { app: 'db' })
    const left = store.revision
    await remove('a')
    const stopping = new AbortController()
    const leaving = registry.watch(CONFIG_MAPS, { labels: parseLabelSelector('app=web'), after }, stopping.signal)
    for await (const event of leaving) {
      if (event.type === 'BOOKMARK') continue
      expect(event).toMatchObject({ type: 'DELETED', revision: left })
      expect(event.entry.object.metadata).toMatchObject({ labels: { app: 'web' }, resourceVersion: String(left) })
      break
    }
    const deleting = registry.watch(CONFIG_MAPS, { after: left }, stopping.signal)
    for await (const event of deleting) {
      if (event.type === 'BOOKMARK') continue
      const { resourceVersion } = event.entry.object.metadata
      expect({ type: event.type, resourceVersion }).toEqual({
        type: 'DELETED',
        resourceVersion: String(store.revision),
      })
      break
    }
  })

  it('can be of one object', async () => {
    const { watch, create } = await setup()
    const watching = watch(CONFIG_MAPS, { namespace: 'default', fields: parseFieldSelector('metadata.name=a') })
    await create('a')
    await create('ab')
    await watching.stop()
    expect(watching.events).toEqual(['ADDED a'])
  })

  it('shares entries with all other watchers and readers', async () => {
    const { registry, create, store } = await setup()
    const after = store.revision
    await create('a')
    const first = async () => {
      for await (const event of registry.watch(CONFIG_MAPS, { after }, new AbortController().signal)) {
        if (event.type !== 'BOOKMARK') return event.entry
      }
      return undefined
    }
    const entry = await first()
    expect(await first()).toBe(entry)
    expect(await registry.get(CONFIG_MAPS, key('a'))).toBe(entry)
  })

  it('sends bookmarks to those who want them, once a minute', async () => {
    const { watch, registry, clock, createPod, store } = await setup()
    const without = watch(CONFIG_MAPS, { after: store.revision })
    const stopping = new AbortController()
    const revisions: number[] = []
    const watching = (async () => {
      const options = { after: store.revision, bookmarks: true }
      for await (const event of registry.watch(CONFIG_MAPS, options, stopping.signal)) revisions.push(event.revision)
    })()
    await clock.advance(59_000)
    expect(revisions).toEqual([])
    await createPod(PODS, testPod('elsewhere'))
    await clock.advance(1_000)
    expect(revisions).toEqual([store.revision])
    await clock.advance(120_000)
    expect(revisions).toHaveLength(3)
    stopping.abort()
    await watching
    await without.stop()
    expect(without.events).toEqual([])
  })

  it('never puts a bookmark before an event that it covers', async () => {
    const { registry, clock, create, store } = await setup()
    const stopping = new AbortController()
    const options = { after: store.revision, bookmarks: true }
    const reader = registry.watch(CONFIG_MAPS, options, stopping.signal)[Symbol.asyncIterator]()
    const first = reader.next()
    await create('a')
    expect((await first).value).toMatchObject({ type: 'ADDED' })
    await create('b') // and the reader does not read on for minutes
    await clock.advance(300_000)
    expect((await reader.next()).value).toMatchObject({ type: 'ADDED' })
    const bookmark = reader.next()
    await clock.advance(60_000)
    expect((await bookmark).value).toEqual({ type: 'BOOKMARK', revision: store.revision })
    stopping.abort()
    expect((await reader.next()).done).toBe(true)
  })

  it('lets go of the store when the reader leaves early', async () => {
    const signals: AbortSignal[] = []
    class ObservedStore extends MemoryStore {
      override watch(prefix: string, after: number, signal: AbortSignal) {
        signals.push(signal)
        return super.watch(prefix, after, signal)
      }
    }
    const { registry, clock, create, store } = await setup(new ObservedStore())
    await create('a')
    const firstOf = async (after: number) => {
      const options = { after, bookmarks: true }
      for await (const event of registry.watch(CONFIG_MAPS, options, new AbortController().signal)) return event.type
      return undefined
    }
    expect(await firstOf(0)).toBe('ADDED')
    const bookmark = firstOf(store.revision)
    await clock.advance(60_000)
    expect(await bookmark).toBe('BOOKMARK')
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })

  it('is refused where history is gone, and with a selection it cannot serve', async () => {
    const { registry, create, store } = await setup(new MemoryStore({ maxEvents: 2 }))
    for (const name of ['a', 'b', 'c', 'd']) await create(name)
    const events = (after: number) =>
      registry.watch(CONFIG_MAPS, { after }, new AbortController().signal)[Symbol.asyncIterator]().next()
    const message = expect.stringMatching(/^too old resource version: 1 \(\d+\)$/)
    await expect(events(1)).rejects.toMatchObject({ code: 410, reason: 'Expired', message })
    await expect(events(store.revision + 1)).rejects.toMatchObject({ code: 410 })
    const watch = () => registry.watch(PODS, { fields: parseFieldSelector('x=y') }, new AbortController().signal)
    expect(watch).toThrow('field label not supported: x')
  })
})
