import { describe, expect, it } from 'vitest'
import type { Client } from '../../../../../controlplane/client/client.ts'
import { ReplicaSetController } from '../../../../../controlplane/controllers/replicaset/replicaset-controller.ts'
import { ApiError } from '../../../../../shared/api/api-error.ts'
import { EVENTS, NODES, PODS, type Pod, REPLICA_SETS, type ReplicaSet } from '../../../../../shared/api/kinds.ts'
import { startTestBinder } from '../../../../support/test-binder.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'
import { startTestKubelet, type TestKubeletOptions } from '../../../../support/test-kubelet.ts'

const WEB = { namespace: 'default', name: 'web' }
const LABELS = { app: 'web' }

function replicaSet(replicas: number, minReadySeconds = 0): ReplicaSet {
  const template = { metadata: { labels: LABELS }, spec: { containers: [{ name: 'main', image: 'web:1' }] } }
  return { metadata: WEB, spec: { replicas, minReadySeconds, selector: { matchLabels: LABELS }, template } }
}

async function setUp(kubelet: TestKubeletOptions = {}, wrap?: (client: Client) => Client) {
  const plane = await startTestControlPlane(wrap ? { wrap } : {})
  const { client, clock } = plane
  for (const name of ['n1', 'n2']) await client.create(NODES, { metadata: { name }, spec: {} })
  plane.run(new ReplicaSetController(plane))
  startTestBinder(plane, plane.signal)
  startTestKubelet(plane, kubelet, plane.signal)
  await clock.advance(0)
  const set = () => client.get(REPLICA_SETS, WEB)
  const pods = async () => (await client.list(PODS, { namespace: 'default' })).items
  const scale = (replicas: number) =>
    client.modify(REPLICA_SETS, WEB, (draft) => {
      draft.spec.replicas = replicas
    })
  const bare = (name: string, labels: Record<string, string>): Pod => ({
    metadata: { namespace: 'default', name, labels },
    spec: { containers: [{ name: 'main', image: 'web:1' }] },
  })
  const events = async (reason: string) =>
    (await client.list(EVENTS)).items.filter((event) => event.reason === reason).map(({ message }) => message)
  return { ...plane, set, pods, scale, bare, events }
}

describe('ReplicaSet controller', () => {
  it('makes Pods of the template, owned by the ReplicaSet, and tells of them', async () => {
    const { client, clock, set, pods, events } = await setUp()
    await client.create(REPLICA_SETS, replicaSet(3))
    await clock.advance(1_000)
    const all = await pods()
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: (await set()).metadata.uid }
    expect(all).toHaveLength(3)
    for (const { metadata } of all) {
      expect(metadata.name).toMatch(/^web-[a-z0-9]{5}$/)
      expect(metadata.labels).toEqual(LABELS)
      expect(metadata.ownerReferences).toEqual([{ ...owner, controller: true, blockOwnerDeletion: true }])
    }
    expect((await set()).status).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      observedGeneration: 1,
    })
    expect((await events('SuccessfulCreate')).sort()).toEqual(
      all.map(({ metadata }) => `Created pod: ${metadata.name}`).sort(),
    )
  })

  it('never has a Pod too many, whatever it is scaled to in between', async () => {
    const { client, clock, informers, pods, scale } = await setUp()
    await client.create(REPLICA_SETS, replicaSet(1))
    let limit = 1
    let excess = 0
    informers.of(PODS).onChange(() => {
      const active = informers
        .of(PODS)
        .list()
        .filter((pod) => !pod.metadata.deletionTimestamp)
      excess = Math.max(excess, active.length - limit)
    })
    for (const replicas of [40, 3, 25, 0, 7]) {
      limit = Math.max(limit, replicas)
      await scale(replicas)
      await clock.advance(7)
      limit = Math.max(replicas, (await pods()).length)
    }
    await clock.advance(5_000)
    expect(excess).toBe(0)
    expect(await pods()).toHaveLength(7)
  })

  it('replaces Pods that finish or terminate at once, not when they are gone', async () => {
    const { client, clock, pods, set } = await setUp({ stopMs: 10_000 })
    await client.create(REPLICA_SETS, replicaSet(2))
    await clock.advance(1_000)
    const [a, b] = await pods()
    await client.delete(PODS, a!.metadata)
    await client.modify(
      PODS,
      b!.metadata,
      (draft) => {
        draft.status = { ...draft.status, phase: 'Failed' }
      },
      { status: true },
    )
    await clock.advance(1_000)
    expect(await pods()).toHaveLength(4)
    expect((await set()).status).toMatchObject({ replicas: 2, availableReplicas: 2 })
  })

  it('counts a Pod as available once it has been ready for minReadySeconds', async () => {
    const { client, clock, set } = await setUp()
    await client.create(REPLICA_SETS, replicaSet(1, 5))
    await clock.advance(3_000)
    expect((await set()).status).toMatchObject({ readyReplicas: 1, availableReplicas: 0 })
    await clock.advance(3_000)
    expect((await set()).status).toMatchObject({ readyReplicas: 1, availableReplicas: 1 })
  })

  it('adopts Pods that match and have no controller, and deletes what is too many', async () => {
    const { client, clock, pods, bare, set, events } = await setUp()
    for (const name of ['a', 'b', 'c']) await client.create(PODS, bare(name, { ...LABELS, own: 'yes' }))
    await client.create(PODS, bare('other', { app: 'other' }))
    await clock.advance(100)
    await client.create(REPLICA_SETS, replicaSet(2))
    await clock.advance(1_000)
    const names = (await pods()).map(({ metadata }) => metadata.name)
    expect(names).toHaveLength(3)
    expect(names).toContain('other')
    const mine = (await pods()).filter(({ metadata }) => metadata.name !== 'other')
    const { uid } = (await set()).metadata
    expect(mine.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid)).toEqual([uid, uid])
    expect(await events('SuccessfulCreate')).toEqual([])
  })

  it('releases a Pod whose labels no longer match, and makes another', async () => {
    const { client, clock, pods } = await setUp()
    await client.create(REPLICA_SETS, replicaSet(1))
    await clock.advance(1_000)
    const [pod] = await pods()
    await client.modify(PODS, pod!.metadata, (draft) => {
      draft.metadata.labels = { app: 'debug' }
    })
    await clock.advance(1_000)
    expect(await pods()).toHaveLength(2)
    const released = (await pods()).find(({ metadata }) => metadata.uid === pod?.metadata.uid)
    expect(released?.metadata.ownerReferences ?? []).toEqual([])
  })

  it('counts fully labeled Pods apart', async () => {
    const { client, clock, pods, set } = await setUp()
    const web = replicaSet(2)
    web.spec.template = { ...web.spec.template, metadata: { labels: { ...LABELS, track: 'stable' } } }
    await client.create(REPLICA_SETS, web)
    await clock.advance(1_000)
    const [pod] = await pods()
    await client.modify(PODS, pod!.metadata, (draft) => {
      draft.metadata.labels = LABELS
    })
    await clock.advance(1_000)
    expect((await set()).status).toMatchObject({ replicas: 2, fullyLabeledReplicas: 1 })
  })

  it('tries few Pods where creation fails, says why, and goes on when it can', async () => {
    let attempts = 0
    let isRefused = true
    const { client, clock, pods, set, events } = await setUp({}, (local) => ({
      ...local,
      create: (kind, object) => {
        if (kind.type !== PODS.type || !isRefused) return local.create(kind, object)
        attempts++
        throw ApiError.forbidden(PODS, '', 'exceeded quota')
      },
    }))
    await client.create(REPLICA_SETS, replicaSet(100))
    await clock.advance(5)
    expect(attempts).toBeLessThanOrEqual(2) // once more when it sees the status it has written
    await clock.advance(10_000)
    expect(attempts).toBeLessThan(15)
    expect((await set()).status?.conditions).toEqual([
      expect.objectContaining({
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: 'pods is forbidden: exceeded quota',
      }),
    ])
    expect(await events('FailedCreate')).toEqual(['Error creating: pods is forbidden: exceeded quota'])
    isRefused = false
    await clock.advance(60_000)
    expect(await pods()).toHaveLength(100)
    expect((await set()).status?.conditions).toBeUndefined()
  })

  it('makes no Pods for a ReplicaSet that is being deleted', async () => {
    const { client, clock, pods, set } = await setUp()
    const web = replicaSet(2)
    await client.create(REPLICA_SETS, { ...web, metadata: { ...WEB, finalizers: ['example.com/hold'] } })
    await clock.advance(1_000)
    await client.delete(REPLICA_SETS, WEB)
    for (const pod of await pods()) await client.delete(PODS, pod.metadata)
    await clock.advance(5_000)
    expect(await pods()).toEqual([])
    expect((await set()).status).toMatchObject({ replicas: 0 })
  })
})
