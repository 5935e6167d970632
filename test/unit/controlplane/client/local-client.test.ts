import { describe, expect, it } from 'vitest'
import { createLocalClient } from '../../../../controlplane/client/local-client.ts'
import { createRegistry } from '../../../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../../../controlplane/registry/namespaces.ts'
import { MemoryStore } from '../../../../controlplane/store/memory-store.ts'
import { PODS, type Pod } from '../../../../shared/api/kinds.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

async function cluster() {
  const clock = new VirtualClock()
  const registry = createRegistry({ store: new MemoryStore(), clock, random: seededRandom(1) })
  await bootstrapNamespaces(registry)
  return { clock, registry, client: createLocalClient(registry) }
}

const pod = (name: string): Pod => ({
  metadata: { name, namespace: 'default', labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'busybox:1' }] },
})

describe('local client', () => {
  it('creates, reads, lists, modifies and deletes', async () => {
    const { client } = await cluster()
    const created = await client.create(PODS, pod('a'))
    expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(created.status?.phase).toBe('Pending')
    expect(await client.get(PODS, { namespace: 'default', name: 'a' })).toBe(created)
    const modified = await client.modify(
      PODS,
      { namespace: 'default', name: 'a' },
      (draft) => {
        draft.status = { ...draft.status, phase: 'Running' }
      },
      { status: true },
    )
    expect(modified.status?.phase).toBe('Running')
    const list = await client.list(PODS, { labelSelector: { matchLabels: { app: 'web' } } })
    expect(list.items).toEqual([modified])
    await client.delete(PODS, { namespace: 'default', name: 'a' })
    await expect(client.get(PODS, { namespace: 'default', name: 'a' })).rejects.toMatchObject({ reason: 'NotFound' })
  })

  it('leaves everything as it is where modify returns false', async () => {
    const { client } = await cluster()
    const created = await client.create(PODS, pod('a'))
    const same = await client.modify(PODS, { namespace: 'default', name: 'a' }, (draft) => {
      draft.metadata.labels = {}
      return false
    })
    expect(same).toBe(created)
  })

  it('refuses an update made from an old version', async () => {
    const { client } = await cluster()
    const created = await client.create(PODS, pod('a'))
    const labelled = { ...created, metadata: { ...created.metadata, labels: { app: 'other' } } }
    await client.update(PODS, labelled)
    await expect(client.update(PODS, { ...labelled, metadata: { ...labelled.metadata, labels: {} } })).rejects.toThrow(
      'Operation cannot be fulfilled on pods "a": the object has been modified; ' +
        'please apply your changes to the latest version and try again',
    )
  })

  it('binds once and for all', async () => {
    const { client } = await cluster()
    const created = await client.create(PODS, pod('a'))
    await client.bind(created, 'n1')
    const bound = await client.get(PODS, { namespace: 'default', name: 'a' })
    expect(bound.spec.nodeName).toBe('n1')
    expect(bound.status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }])
    await expect(client.bind(created, 'n2')).rejects.toMatchObject({
      reason: 'Conflict',
      message: 'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"',
    })
  })

  it('watches from where a list ended', async () => {
    const { client, clock } = await cluster()
    await client.create(PODS, pod('a'))
    const { resourceVersion } = await client.list(PODS)
    const stop = new AbortController()
    const seen: string[] = []
    const watching = (async () => {
      for await (const event of client.watch(PODS, { resourceVersion }, stop.signal)) {
        seen.push(event.type === 'BOOKMARK' ? event.type : `${event.type} ${event.object.metadata.name}`)
      }
    })()
    await client.create(PODS, pod('b'))
    await client.delete(PODS, { namespace: 'default', name: 'a' })
    await clock.advance(60_000)
    stop.abort()
    await watching
    expect(seen).toEqual(['ADDED b', 'DELETED a', 'BOOKMARK'])
  })
})
