import { describe, expect, it } from 'vitest'
import type { Client } from '../../../../controlplane/client/client.ts'
import { createLocalClient } from '../../../../controlplane/client/local-client.ts'
import type { Change } from '../../../../controlplane/reconcile/controller.ts'
import { createInformers } from '../../../../controlplane/reconcile/shared-informer.ts'
import { createRegistry } from '../../../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../../../controlplane/registry/namespaces.ts'
import { MemoryStore } from '../../../../controlplane/store/memory-store.ts'
import { ApiError } from '../../../../shared/api/api-error.ts'
import { CONFIG_MAPS, type ConfigMap, type Kind, NAMESPACES } from '../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../shared/api/object.ts'
import { silentLogger } from '../../../../shared/log.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { settle, VirtualClock } from '../../../support/virtual-clock.ts'

/** The local client, with lists and watches that can be made to fail. */
async function setUp() {
  const clock = new VirtualClock()
  const random = seededRandom(1)
  const registry = createRegistry({ store: new MemoryStore(), clock, random })
  await bootstrapNamespaces(registry)
  const local = createLocalClient(registry)
  const faults = { list: undefined as ApiError | undefined, watch: undefined as ApiError | undefined }
  const counts = { list: 0, watch: 0 }
  let cut = new AbortController()
  const client: Client = {
    ...local,
    list: (kind, options) => {
      counts.list++
      return faults.list ? Promise.reject(faults.list) : local.list(kind, options)
    },
    async *watch<T extends KubeObject>(kind: Kind<T>, options: { resourceVersion: string }, signal: AbortSignal) {
      counts.watch++
      if (faults.watch) throw faults.watch
      const connection = cut
      yield* local.watch(kind, options, AbortSignal.any([signal, connection.signal]))
      if (connection.signal.aborted && faults.watch) throw faults.watch
    },
  }
  const informers = createInformers({ client, clock, random, log: silentLogger })
  const stopping = new AbortController()
  return {
    clock,
    client: local,
    informers,
    faults,
    counts,
    stop: () => stopping.abort(new Error('stopped')),
    start: () => informers.start(stopping.signal),
    /** Ends all watches that run; the next ones fail while `faults.watch` is set. */
    cutWatches: () => {
      cut.abort()
      cut = new AbortController()
    },
  }
}

const map = (name: string, data: Record<string, string> = {}, namespace = 'default'): ConfigMap => ({
  metadata: { namespace, name },
  data,
})
const change = (client: Client, name: string, data: Record<string, string>) =>
  client.modify(CONFIG_MAPS, { namespace: 'default', name }, (draft) => {
    draft.data = data
  })
const remove = (client: Client, name: string) => client.delete(CONFIG_MAPS, { namespace: 'default', name })

function describeChange({ type, object, previous }: Change<ConfigMap>): string {
  const was = previous ? ` was ${previous.data?.a}` : ''
  return `${type} ${object.metadata.name} ${object.data?.a}${was}`
}

describe('informers', () => {
  it('show what there is, then what changes, in order', async () => {
    const { client, clock, informers, start } = await setUp()
    await client.create(CONFIG_MAPS, map('x', { a: '1' }))
    const informer = informers.of(CONFIG_MAPS)
    const seen: string[] = []
    informer.onChange((change) => seen.push(describeChange(change)))
    expect(informer.synced).toBe(false)
    start()
    await informers.whenSynced()
    expect(informer.synced).toBe(true)
    expect(seen).toEqual(['added x 1'])

    await client.create(CONFIG_MAPS, map('y', { a: '1' }))
    await change(client, 'x', { a: '2' })
    await remove(client, 'x')
    await clock.advance(0)
    expect(seen.slice(1)).toEqual(['added y 1', 'updated x 2 was 1', 'deleted x 2'])
    expect(informer.list().map(({ metadata }) => metadata.name)).toEqual(['y'])
  })

  it('tell a late listener of all there is, and stop when asked', async () => {
    const { client, clock, informers, start } = await setUp()
    const informer = informers.of(CONFIG_MAPS)
    start()
    await client.create(CONFIG_MAPS, map('x', { a: '1' }))
    await clock.advance(1)
    const seen: string[] = []
    const stop = informer.onChange((change) => seen.push(describeChange(change)))
    expect(seen).toEqual(['added x 1'])
    stop()
    await change(client, 'x', { a: '2' })
    await clock.advance(1)
    expect(seen).toHaveLength(1)
  })

  it('start to follow a kind that is asked for later', async () => {
    const { informers, start } = await setUp()
    start()
    const informer = informers.of(NAMESPACES)
    await informers.whenSynced()
    expect(informer.get('default')?.metadata.name).toBe('default')
    expect(informers.of(NAMESPACES)).toBe(informer)
  })

  it('keep indexes and namespaces up to date', async () => {
    const { client, clock, informers, start } = await setUp()
    const informer = informers.of(CONFIG_MAPS)
    start()
    await client.create(CONFIG_MAPS, map('x', { a: '1', b: '2' }))
    await clock.advance(1)
    informer.addIndex('values', (object) => Object.values(object.data ?? {}))
    await client.create(CONFIG_MAPS, map('y', { a: '1' }))
    await client.create(CONFIG_MAPS, map('z', { a: '1' }, 'kube-system'))
    await clock.advance(1)
    const names = (value: string) => informer.byIndex('values', value).map(({ metadata }) => metadata.name)
    expect([names('1'), names('2'), names('3')]).toEqual([['x', 'y', 'z'], ['x'], []])
    await change(client, 'x', { a: '3' })
    await remove(client, 'y')
    await clock.advance(1)
    expect([names('1'), names('2'), names('3')]).toEqual([['z'], [], ['x']])
    expect(informer.list('default').map(({ metadata }) => metadata.name)).toEqual(['x'])
    expect(() => informer.byIndex('typo', '1')).toThrow('no index "typo"')
  })

  it('go on where a watch broke off, without another list', async () => {
    const { client, clock, informers, start, counts, cutWatches } = await setUp()
    const informer = informers.of(CONFIG_MAPS)
    const seen: string[] = []
    informer.onChange((change) => seen.push(describeChange(change)))
    start()
    await informers.whenSynced()
    cutWatches()
    await settle()
    await client.create(CONFIG_MAPS, map('x', { a: '1' }))
    await clock.advance(1_000)
    expect(seen).toEqual(['added x 1'])
    expect(counts).toEqual({ list: 1, watch: 2 })
  })

  it('list again when the changes are no longer held, and tell listeners what happened meanwhile', async () => {
    const { client, clock, informers, start, faults, counts, cutWatches } = await setUp()
    for (const name of ['same', 'changed', 'gone', 'replaced']) await client.create(CONFIG_MAPS, map(name, { a: '1' }))
    const informer = informers.of(CONFIG_MAPS)
    start()
    await informers.whenSynced()
    const seen: string[] = []
    informer.onChange((change) => seen.push(describeChange(change)))
    seen.length = 0

    faults.watch = ApiError.expired('too old resource version')
    faults.list = new ApiError('ServiceUnavailable', 'not now')
    cutWatches()
    await settle()
    await change(client, 'changed', { a: '2' })
    await remove(client, 'gone')
    await remove(client, 'replaced')
    await client.create(CONFIG_MAPS, map('replaced', { a: '2' }))
    await client.create(CONFIG_MAPS, map('new', { a: '2' }))
    await clock.advance(5_000)
    expect(seen).toEqual([])
    expect(counts.list).toBeGreaterThan(2)
    expect(counts.list).toBeLessThan(10) // backoff

    faults.watch = undefined
    faults.list = undefined
    await clock.advance(30_000)
    expect(seen.sort()).toEqual(
      ['added new 2', 'updated changed 2 was 1', 'deleted gone 1', 'deleted replaced 1', 'added replaced 2'].sort(),
    )
    expect(
      informer
        .list()
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(['changed', 'new', 'replaced', 'same'])
  })

  it('survive a listener that throws', async () => {
    const { client, clock, informers, start } = await setUp()
    const informer = informers.of(CONFIG_MAPS)
    const seen: string[] = []
    informer.onChange(() => {
      throw new Error('listener broke')
    })
    informer.onChange((change) => seen.push(describeChange(change)))
    start()
    await client.create(CONFIG_MAPS, map('x', { a: '1' }))
    await change(client, 'x', { a: '2' })
    await clock.advance(1)
    expect(seen).toContain('updated x 2 was 1')
  })

  it('end with their signal, and say so to those who wait', async () => {
    const { client, clock, informers, start, stop, faults } = await setUp()
    faults.list = new ApiError('ServiceUnavailable', 'not now')
    const informer = informers.of(CONFIG_MAPS)
    start()
    const waiting = expect(informers.whenSynced()).rejects.toThrow('stopped')
    await clock.advance(1_000)
    stop()
    await waiting
    faults.list = undefined
    await client.create(CONFIG_MAPS, map('x'))
    await clock.advance(60_000)
    expect(informer.list()).toEqual([])
  })
})
