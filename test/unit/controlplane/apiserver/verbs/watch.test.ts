import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRegistry } from '../../../../../controlplane/registry/create-registry.ts'
import type { Registry } from '../../../../../controlplane/registry/registry.ts'
import { MemoryStore } from '../../../../../controlplane/store/memory-store.ts'
import { ApiError } from '../../../../../shared/api/api-error.ts'
import { ApiHttp } from '../../../../support/api-http.ts'
import { configMap, pod } from '../../../../support/sample-objects.ts'
import { seededRandom } from '../../../../support/seeded-random.ts'
import { startTestApiServer, type TestApiServer } from '../../../../support/test-api-server.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const CMS = '/api/v1/namespaces/default/configmaps'
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

let clock: VirtualClock
let server: TestApiServer
let api: ApiHttp
let lastSignal: AbortSignal

beforeAll(async () => {
  clock = new VirtualClock()
  const registry = createRegistry({ store: new MemoryStore(), clock, random: seededRandom(1) })
  server = await startTestApiServer({ clock, registry: withBrokenWatch(registry) })
  api = new ApiHttp(server, await server.clientCertificate('admin'))
})

afterAll(async () => {
  api.close()
  const closed = server.close()
  await clock.advance(10_000)
  await closed
})

beforeEach(async () => {
  await api.delete(CMS)
})

/** A registry whose watch of Secrets is too old from the start. */
function withBrokenWatch(registry: Registry): Registry {
  return {
    ...registry,
    watch(kind, options, signal) {
      lastSignal = signal
      if (kind.plural !== 'secrets') return registry.watch(kind, options, signal)
      const next = () => Promise.reject(ApiError.expired('too old resource version: 1 (7)'))
      return { [Symbol.asyncIterator]: () => ({ next }) }
    },
  }
}

describe('watch', () => {
  it('first shows what there is, then what happens', async () => {
    await api.post(CMS, configMap('old'))
    const watch = await api.stream(`${CMS}?watch=true`)
    expect(watch.headers['content-type']).toBe('application/json')
    expect(await watch.event()).toMatchObject({
      type: 'ADDED',
      object: { kind: 'ConfigMap', metadata: { name: 'old' } },
    })
    await api.post(CMS, configMap('new'))
    expect(await watch.event()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'new' } } })
    await api.patch(`${CMS}/new`, 'merge', { data: { a: 'c' } })
    expect(await watch.event()).toMatchObject({ type: 'MODIFIED', object: { data: { a: 'c' } } })
    await api.delete(`${CMS}/new`)
    expect(await watch.event()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'new' } } })
    watch.close()
  })

  it('goes on after a list, for those that match', async () => {
    const { json } = await api.get(CMS)
    const query = `watch=1&resourceVersion=${json.metadata.resourceVersion}&labelSelector=a%3Db`
    const watch = await api.stream(`${CMS}?${query}`)
    await api.post(CMS, configMap('other'))
    await api.post(CMS, { metadata: { name: 'match', labels: { a: 'b' } } })
    expect(await watch.event()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'match' } } })
    await api.patch(`${CMS}/match`, 'merge', { metadata: { labels: { a: 'c' } } })
    expect(await watch.event()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'match' } } })
    watch.close()
  })

  it('streams the whole list where it is asked to', async () => {
    await api.post(CMS, configMap('one'))
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const watch = await api.stream(`${CMS}?${query}`)
    expect(await watch.event()).toMatchObject({ type: 'ADDED' })
    expect(await watch.event()).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
    watch.close()
  })

  it('bookmarks every minute, and ends when its time is over', async () => {
    const { json } = await api.get(CMS)
    const from = `resourceVersion=${json.metadata.resourceVersion}`
    const watch = await api.stream(`${CMS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=90&${from}`)
    await clock.advance(61_000)
    const bookmark = await watch.event()
    expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { metadata: { resourceVersion: expect.any(String) } } })
    await clock.advance(30_000)
    expect(await watch.line()).toBeUndefined()
  })

  it('ends by itself within an hour', async () => {
    const watch = await api.stream(`${CMS}?watch=true`)
    await clock.advance(3_600_000)
    expect(await watch.line()).toBeUndefined()
  })

  it('says that it is too old in an event', async () => {
    const watch = await api.stream('/api/v1/secrets?watch=true&resourceVersion=1')
    expect(watch.status).toBe(200)
    expect(await watch.event()).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (7)' },
    })
    expect(await watch.line()).toBeUndefined()
  })

  it('refuses a selection it does not know before it begins', async () => {
    const { status, json } = await api.get(`${CMS}?watch=true&fieldSelector=data.a%3Db`)
    expect(status).toBe(400)
    expect(json.message).toContain('is not a known field selector')
  })

  it('shows tables, the columns only once', async () => {
    await api.post('/api/v1/namespaces/default/pods', pod('table'))
    const watch = await api.stream('/api/v1/namespaces/default/pods?watch=true', { accept: TABLE })
    const first = await watch.event()
    expect(first).toMatchObject({ type: 'ADDED', object: { kind: 'Table', apiVersion: 'meta.k8s.io/v1' } })
    expect(first.object.columnDefinitions[0]).toMatchObject({ name: 'Name', format: 'name' })
    expect(first.object.rows[0].cells[0]).toBe('table')
    await api.patch('/api/v1/namespaces/default/pods/table', 'merge', { metadata: { labels: { a: 'b' } } })
    const second = await watch.event()
    expect(second.object.columnDefinitions).toEqual([])
    expect(second.object.rows[0]).toMatchObject({
      object: { kind: 'PartialObjectMetadata', metadata: { labels: { a: 'b' } } },
    })
    watch.close()
  })

  it('ends when its client goes', async () => {
    const watch = await api.stream(`${CMS}?watch=true&allowWatchBookmarks=true`)
    const aborted = once(lastSignal, 'abort')
    watch.close()
    await aborted
  })

  it('ends a client that does not read', async () => {
    const watch = await api.stream(`${CMS}?watch=true`)
    await api.post(CMS, configMap('big', { a: 'x'.repeat(900_000) }))
    for (let i = 0; i < 5; i++) await api.patch(`${CMS}/big`, 'merge', { metadata: { labels: { i: String(i) } } })
    await clock.advance(31_000)
    const read = async () => {
      while ((await watch.line()) !== undefined);
    }
    await expect(read()).rejects.toThrow()
  })
})

describe('list', () => {
  it('waits a little for a version it has not seen, then says so', async () => {
    const { json } = await api.get(CMS)
    const next = Number(json.metadata.resourceVersion) + 1
    const waiting = api.get(`${CMS}?resourceVersion=${next}&resourceVersionMatch=NotOlderThan`)
    await api.post(CMS, configMap('next'))
    expect((await arrived(waiting)).json.items).toHaveLength(1)

    const tooLate = await arrived(api.get(`${CMS}?resourceVersion=999999&resourceVersionMatch=NotOlderThan`))
    expect(tooLate.json).toMatchObject({
      reason: 'Timeout',
      code: 504,
      details: { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge' }] },
    })
    expect(tooLate.json.message).toContain('Too large resource version: 999999, current: ')
  })
})

/** Lets time pass until the answer is there. */
async function arrived<T>(answer: Promise<T>): Promise<T> {
  let isThere = false
  void answer.finally(() => {
    isThere = true
  })
  await clock.until(() => isThere, 600_000)
  return answer
}
