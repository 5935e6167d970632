import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Journal, JournalRecord } from '../../../../controlplane/store/journal.ts'
import { JournaledStore, type StoreOptions } from '../../../../controlplane/store/journaled-store.ts'
import { MemoryStore } from '../../../../controlplane/store/memory-store.ts'
import { Compacted, OutcomeUnknown, type StoreEvent, StoreUnavailable } from '../../../../controlplane/store/store.ts'
import { settle } from '../../../support/virtual-clock.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined) => (value ? Buffer.from(value).toString() : undefined)

/** A journal that waits to be told how each commit ends. */
class ManualJournal implements Journal {
  readonly commits: JournalRecord[][] = []
  #pending: { resolve(): void; reject(error: Error): void } | undefined

  commit(records: readonly JournalRecord[]): Promise<void> {
    if (this.#pending) throw new Error('two commits at once')
    this.commits.push([...records])
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
  }

  async close(): Promise<void> {}

  async finish(error?: Error): Promise<void> {
    await settle(1)
    const pending = this.#pending
    this.#pending = undefined
    if (error) pending?.reject(error)
    else pending?.resolve()
    await settle(1)
  }

  get written(): (string | undefined)[][] {
    return this.commits.map((records) =>
      records.map((record) => (record.type === 'reserve' ? record.type : record.key)),
    )
  }
}

function open(options: StoreOptions = {}) {
  const journal = new ManualJournal()
  return { journal, store: new JournaledStore(journal, { items: [], revision: 0 }, options) }
}

function collect(store: JournaledStore, after: number) {
  const stop = new AbortController()
  const events: StoreEvent[] = []
  const done = (async () => {
    for await (const event of store.watch('/', after, stop.signal)) events.push(event)
  })()
  return {
    events,
    stop: async () => {
      stop.abort()
      await done
    },
  }
}

describe('JournaledStore', () => {
  it('shows a write to nobody before the journal has it', async () => {
    const { journal, store } = open()
    const watching = collect(store, 0)
    let acknowledged = false
    const write = store.put('/a', bytes('1'), 0).then(() => {
      acknowledged = true
    })
    await settle()
    expect([acknowledged, store.revision, await store.get('/a'), watching.events.length]).toEqual([
      false,
      0,
      undefined,
      0,
    ])
    await journal.finish()
    await write
    expect([acknowledged, store.revision, watching.events.length]).toEqual([true, 1, 1])
    await watching.stop()
  })

  it('commits together what comes while a commit runs', async () => {
    const { journal, store } = open()
    const writes = [store.put('/a', bytes('1'), 0), store.put('/b', bytes('1'), 0)]
    await settle()
    writes.push(store.put('/c', bytes('1'), 0), store.put('/d', bytes('1'), 0))
    await journal.finish()
    await journal.finish()
    expect((await Promise.all(writes)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4])
    expect(journal.written).toEqual([
      ['/a', '/b', 'reserve'],
      ['/c', '/d'],
    ])
  })

  it('leaves everything as it was when a commit fails, and goes on', async () => {
    const { journal, store } = open()
    const first = store.put('/a', bytes('1'), 0)
    await journal.finish()
    const { revision } = await first
    const watching = collect(store, revision)
    const failing = [
      store.put('/a', bytes('2'), revision),
      store.put('/b', bytes('1'), 0),
      store.delete('/a', revision),
    ]
    const outcomes = Promise.allSettled(failing)
    await journal.finish(new Error('no space left on device'))
    await journal.finish() // the deletion had waited for the write of the same key to be over
    const [put, other, deletion] = await outcomes
    for (const outcome of [put, other]) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) })
    }
    expect(put).toMatchObject({ reason: { message: 'the store is not available: no space left on device' } })
    expect(deletion?.status).toBe('fulfilled')
    expect(watching.events.map(({ type }) => type)).toEqual(['delete'])
    expect(await store.get('/b')).toBeUndefined()
    const again = store.put('/b', bytes('1'), 0)
    await journal.finish()
    expect((await again).revision).toBeGreaterThan(revision)
    await watching.stop()
  })

  it('takes no more writes when it is not known how a commit ended, and says so before it answers', async () => {
    const heard: string[] = []
    const { journal, store } = open({ onOutcomeUnknown: ({ message }) => heard.push(message) })
    const first = store.put('/a', bytes('1'), 0)
    await journal.finish()
    const { revision } = await first
    const unknown = store.put('/a', bytes('2'), revision).catch((error) => heard.push(error.name))
    await settle(1)
    const waiting = store.put('/b', bytes('1'), 0).catch((error) => error)
    await journal.finish(new OutcomeUnknown(new Error('disk I/O error')))
    await unknown
    expect(heard).toEqual(['it is not known what is on disk: disk I/O error', 'OutcomeUnknown'])
    expect(await waiting).toBeInstanceOf(StoreUnavailable)
    await expect(store.delete('/a', revision)).rejects.toBeInstanceOf(StoreUnavailable)
    expect(text((await store.get('/a'))?.value)).toBe('1')
    await store.close()
    expect(journal.written).toEqual([['/a', 'reserve'], ['/a']])
  })

  it('decides over the same key when the write before is over', async () => {
    const { journal, store } = open()
    const first = store.put('/a', bytes('1'), 0)
    const second = store.put('/a', bytes('2'), 0)
    const outcome = second.catch((error) => error)
    await journal.finish()
    expect(await first).toMatchObject({ revision: 1 })
    expect(await outcome).toMatchObject({ name: 'RevisionMismatch', actual: 1 })
  })

  it('keeps volatile keys out of the journal, and their numbers from coming again', async () => {
    const { journal, store } = open({ volatilePrefixes: ['/beat/'] })
    const first = store.put('/beat/n1', bytes('1'), 0)
    await journal.finish()
    await first
    expect(journal.commits).toEqual([[{ type: 'reserve', revision: 100_001 }]])
    for (let i = 0; i < 10; i++) await store.put(`/beat/x${i}`, bytes('1'), 0)
    expect(journal.commits).toHaveLength(1)
    const put = store.put('/a', bytes('1'), 0)
    await journal.finish()
    await put
    expect(journal.written[1]).toEqual(['/a'])
  })

  it('never gives a number out twice over a crash', async () => {
    const { journal, store } = open({ volatilePrefixes: ['/beat/'] })
    const first = store.put('/beat/n1', bytes('1'), 0)
    await journal.finish()
    await first
    for (let i = 0; i < 5; i++) await store.put(`/beat/${i}`, bytes('1'), 0)
    const reserved = journal.commits.flat().reduce((most, record) => Math.max(most, record.revision), 0)
    const revived = new JournaledStore(new ManualJournal(), { items: [], revision: reserved })
    expect(revived.revision).toBeGreaterThanOrEqual(store.revision)
    await expect(revived.watch('/', store.revision, new AbortController().signal).next()).rejects.toMatchObject({
      name: 'Compacted',
    })
  })

  it('keeps twice as many events as there are entries, of a large state', async () => {
    const store = new MemoryStore()
    const write = (all: readonly { key: string; revision: number }[]) =>
      Promise.all(all.map(({ key, revision }) => store.put(key, bytes('value'), revision)))
    const entries = await write(Array.from({ length: 3_000 }, (_, i) => ({ key: `/k/${i}`, revision: 0 })))
    const after = store.revision
    const next = () => store.watch('/k/', after, new AbortController().signal).next()

    const written = await write(await write(entries))
    expect((await next()).value).toMatchObject({ stored: { key: '/k/0', revision: after + 1 } })
    await write(written.slice(0, 1))
    await expect(next()).rejects.toThrow(Compacted)
  })

  it('drops old events by their size as well', async () => {
    const quiet: Journal = { commit: async () => {}, close: async () => {} }
    const store = new JournaledStore(quiet, { items: [], revision: 0 }, { maxBytes: 1000 })
    for (let i = 0; i < 10; i++) await store.put(`/${i}`, new Uint8Array(300), 0)
    const next = (after: number) => store.watch('/', after, new AbortController().signal).next()
    await expect(next(6)).rejects.toMatchObject({ name: 'Compacted' })
    expect((await next(7)).value).toMatchObject({ revision: 8 })
  })
})

/** What a store should do, in the plainest way. */
class Model {
  revision = 0
  readonly keys = new Map<string, { value: string; revision: number }>()
  readonly log: { key: string; revision: number; value: string | undefined }[] = []

  write(key: string, value: string | undefined, expected: number): boolean {
    const actual = this.keys.get(key)?.revision ?? 0
    if (actual !== expected || (value === undefined && actual === 0)) return false
    this.revision++
    if (value === undefined) this.keys.delete(key)
    else this.keys.set(key, { value, revision: this.revision })
    this.log.push({ key, revision: this.revision, value })
    return true
  }

  at(revision: number): Map<string, string> {
    const state = new Map<string, string>()
    for (const { key, value, revision: at } of this.log) {
      if (at > revision) break
      if (value === undefined) state.delete(key)
      else state.set(key, value)
    }
    return state
  }
}

describe('JournaledStore beside a model', () => {
  const step = fc.record({
    key: fc.constantFrom('/p/a', '/p/aa', '/p/b', '/p/b/c', '/q/a', '/p'),
    value: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
    isRight: fc.boolean(),
  })

  it('agrees on every write, list, past state and event', { timeout: 30_000 }, async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.nat(),
      fc.integer({ min: 1, max: 4 }),
      async (steps, seed, limit) => {
        const quiet: Journal = { commit: async () => {}, close: async () => {} }
        const store = new JournaledStore(quiet, { items: [], revision: 0 })
        const model = new Model()
        for (const { key, value, isRight } of steps) {
          const expected = isRight ? (model.keys.get(key)?.revision ?? 0) : model.revision
          const write = value === undefined ? store.delete(key, expected) : store.put(key, bytes(value), expected)
          const isDone = await write.then(
            () => true,
            () => false,
          )
          expect(isDone).toBe(model.write(key, value, expected))
          expect(store.revision).toBe(model.revision)
        }
        const at = seed % (model.revision + 1)
        for (const prefix of ['/p/', '/p/b', '/', '']) {
          for (const revision of [at, model.revision]) {
            const wanted = [...model.at(revision)]
              .filter(([key]) => key.startsWith(prefix))
              .sort(([a], [b]) => (a < b ? -1 : 1))
            const found: [string, string | undefined][] = []
            for (let after: string | undefined, remaining = 1; remaining > 0; ) {
              const page = await store.list(prefix, { limit, at: revision, ...(after === undefined ? {} : { after }) })
              found.push(...page.items.map(({ key, value }): [string, string | undefined] => [key, text(value)]))
              expect(page.remaining).toBe(wanted.length - found.length)
              after = page.items.at(-1)?.key
              remaining = page.remaining
            }
            expect(found).toEqual(wanted)
          }
          const watching = collect(store, at)
          await settle(1)
          await watching.stop()
          const seen = watching.events.filter((event) => keyOf(event).startsWith(prefix)).map(show)
          const wanted = model.log.filter(({ key, revision }) => revision > at && key.startsWith(prefix))
          expect(seen).toEqual(wanted)
        }
      },
    )
    await fc.assert(property, { numRuns: 100 })
  })
})

const keyOf = (event: StoreEvent) => (event.type === 'put' ? event.stored.key : event.previous.key)
const show = (event: StoreEvent) => ({
  key: keyOf(event),
  revision: event.revision,
  value: event.type === 'put' ? text(event.stored.value) : undefined,
})
