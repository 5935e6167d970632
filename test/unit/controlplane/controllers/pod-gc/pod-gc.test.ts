import { describe, expect, it } from 'vitest'
import { PodGc, type PodGcOptions } from '../../../../../controlplane/controllers/pod-gc/pod-gc.ts'
import { NODES, PODS, type Pod } from '../../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../../shared/api/object.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'

async function setUp(options: PodGcOptions = {}) {
  const plane = await startTestControlPlane()
  const { client, clock } = plane
  plane.run(new PodGc(plane, options))
  for (const name of ['n1', 'n2']) await client.create(NODES, { metadata: { name }, spec: {} })
  await clock.advance(0)
  const create = async (name: string, nodeName?: string, finalizers: string[] = []): Promise<Persisted<Pod>> => {
    const pod = await client.create(PODS, {
      metadata: { namespace: 'default', name, finalizers },
      spec: { containers: [{ name: 'main', image: 'i' }] },
    })
    if (nodeName) await client.bind(pod, nodeName)
    return pod
  }
  const finish = (name: string, phase: string) =>
    client.modify(
      PODS,
      { namespace: 'default', name },
      (draft) => {
        draft.status = { ...draft.status, phase }
      },
      { status: true },
    )
  const names = async () => (await client.list(PODS)).items.map(({ metadata }) => metadata.name)
  return { ...plane, create, finish, names }
}

describe('Pod GC', () => {
  it('deletes the Pods of a node that is no more, after a while', async () => {
    const { client, clock, create, names } = await setUp()
    await create('a', 'n1')
    await create('b', 'n2')
    await client.delete(NODES, { name: 'n1' })
    await clock.advance(9_000)
    expect(await names()).toEqual(['a', 'b'])
    await clock.advance(10_000)
    expect(await names()).toEqual(['b'])
  })

  it('says of such a Pod that it failed, where a finalizer keeps it', async () => {
    const { client, clock, create } = await setUp()
    await create('a', 'n1', ['example.com/hold'])
    await client.delete(NODES, { name: 'n1' })
    await clock.advance(20_000)
    const { status } = await client.get(PODS, { namespace: 'default', name: 'a' })
    expect(status?.phase).toBe('Failed')
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message: 'PodGC: node no longer exists',
      }),
    )
  })

  it('spares them where the node comes back in time', async () => {
    const { client, clock, create, names } = await setUp()
    await create('a', 'n1')
    for (let i = 0; i < 4; i++) {
      await client.delete(NODES, { name: 'n1' })
      await clock.advance(7_000)
      await client.create(NODES, { metadata: { name: 'n1' }, spec: {} })
      await clock.advance(7_000)
    }
    expect(await names()).toEqual(['a'])
  })

  it('keeps so many finished Pods, and deletes the oldest beyond that', async () => {
    const { clock, create, finish, names } = await setUp({ terminatedPodThreshold: 2 })
    for (const name of ['c', 'b', 'a', 'd']) {
      await create(name, 'n1')
      await clock.advance(1_000)
    }
    for (const name of ['a', 'b', 'c']) await finish(name, name === 'b' ? 'Failed' : 'Succeeded')
    await clock.advance(10_000)
    expect(await names()).toEqual(['a', 'b', 'd'])
  })
})
