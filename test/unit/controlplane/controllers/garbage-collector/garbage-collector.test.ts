import { describe, expect, it } from 'vitest'
import { DeploymentController } from '../../../../../controlplane/controllers/deployment/deployment-controller.ts'
import { GarbageCollector } from '../../../../../controlplane/controllers/garbage-collector/garbage-collector.ts'
import { ReplicaSetController } from '../../../../../controlplane/controllers/replicaset/replicaset-controller.ts'
import type { OwnerReference } from '../../../../../shared/api/generated/meta-v1.ts'
import { CONFIG_MAPS, DEPLOYMENTS, EVENTS, NODES, PODS, REPLICA_SETS } from '../../../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../../../shared/api/object.ts'
import { startTestBinder } from '../../../../support/test-binder.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'
import { startTestKubelet } from '../../../../support/test-kubelet.ts'
import { WEB, webDeployment } from '../deployment/deployment-cluster.ts'

const IN_DEFAULT = { namespace: 'default' }

async function setUp() {
  const plane = await startTestControlPlane()
  plane.run(new GarbageCollector(plane))
  await plane.clock.advance(0)
  const { client } = plane

  const owned = (name: string, ...ownerReferences: OwnerReference[]) =>
    client.create(CONFIG_MAPS, { metadata: { ...IN_DEFAULT, name, ownerReferences } })
  const names = async () => (await client.list(CONFIG_MAPS, IN_DEFAULT)).items.map(({ metadata }) => metadata.name)
  const get = (name: string) => client.get(CONFIG_MAPS, { ...IN_DEFAULT, name })
  const remove = (name: string, propagationPolicy?: string) =>
    client.delete(CONFIG_MAPS, { ...IN_DEFAULT, name }, propagationPolicy ? { propagationPolicy } : {})
  return { ...plane, owned, names, get, remove }
}

function refTo(
  { apiVersion, kind, metadata }: Persisted<KubeObject>,
  more: Partial<OwnerReference> = {},
): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, ...more }
}

describe('garbage collector', () => {
  it('deletes what has lost its owner, and what that owned in turn', async () => {
    const { owned, names, remove, clock } = await setUp()
    const owner = await owned('owner')
    const child = await owned('child', refTo(owner))
    await owned('grandchild', refTo(child))
    await owned('bystander')
    await clock.advance(1_000)
    expect(await names()).toHaveLength(4)
    await remove('owner')
    await clock.advance(1_000)
    expect(await names()).toEqual(['bystander'])
  })

  it('deletes what is created with an owner that is gone already, or that was replaced by one of the same name', async () => {
    const { owned, names, remove, clock } = await setUp()
    const former = await owned('owner')
    await remove('owner')
    await owned('owner')
    await owned('late', refTo(former))
    await clock.advance(1_000)
    expect(await names()).toEqual(['owner'])
  })

  it('keeps what has another owner, and drops the reference to the lost one', async () => {
    const { owned, names, get, remove, clock } = await setUp()
    const [a, b] = [await owned('a'), await owned('b')]
    await owned('child', refTo(a), refTo(b))
    await remove('a')
    await clock.advance(1_000)
    expect(await names()).toEqual(['b', 'child'])
    expect((await get('child')).metadata.ownerReferences).toEqual([refTo(b)])
  })

  it('keeps what is owned by a kind that this API does not serve', async () => {
    const { owned, names, clock } = await setUp()
    await owned('child', { apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'u' })
    await clock.advance(60_000)
    expect(await names()).toEqual(['child'])
  })

  it('takes an owner in another namespace for absent, and says so', async () => {
    const { client, owned, names, clock } = await setUp()
    const elsewhere = await client.create(CONFIG_MAPS, { metadata: { namespace: 'kube-system', name: 'owner' } })
    await clock.advance(100)
    await owned('child', refTo(elsewhere))
    await clock.advance(1_000)
    expect(await names()).toEqual([])
    const { items } = await client.list(EVENTS, IN_DEFAULT)
    expect(items.map(({ reason, message }) => [reason, message])).toEqual([
      [
        'OwnerRefInvalidNamespace',
        `ownerRef [v1/ConfigMap, namespace: default, name: owner, uid: ${elsewhere.metadata.uid}] does not exist in namespace "default"`,
      ],
    ])
  })

  it('lets a cluster-wide object own one of a namespace, and not the other way round', async () => {
    const { client, owned, names, clock } = await setUp()
    const node = await client.create(NODES, { metadata: { name: 'n1' }, spec: {} })
    const child = await owned('child', refTo(node))
    await client.create(NODES, { metadata: { name: 'n2', ownerReferences: [refTo(child)] }, spec: {} })
    await clock.advance(1_000)
    expect(await names()).toEqual(['child'])
    await client.delete(NODES, { name: 'n1' })
    await clock.advance(1_000)
    expect(await names()).toEqual([])
    expect((await client.list(NODES)).items.map(({ metadata }) => metadata.name)).toEqual(['n2'])
  })

  it('orphans: the dependents stay and forget their owner', async () => {
    const { owned, names, get, remove, clock } = await setUp()
    const owner = await owned('owner')
    await owned('child', refTo(owner))
    await remove('owner', 'Orphan')
    await clock.advance(1_000)
    expect(await names()).toEqual(['child'])
    expect((await get('child')).metadata.ownerReferences ?? []).toEqual([])
  })

  it('foreground: the owner goes after the dependents that block it', async () => {
    const { client, owned, names, remove, clock } = await setUp()
    const owner = await owned('owner')
    const child = await owned('child', refTo(owner, { blockOwnerDeletion: true }))
    await client.create(CONFIG_MAPS, {
      metadata: {
        ...IN_DEFAULT,
        name: 'held',
        finalizers: ['example.com/hold'],
        ownerReferences: [refTo(child, { blockOwnerDeletion: true })],
      },
    })
    await owned('not-blocking', refTo(owner))
    await clock.advance(100)
    await remove('owner', 'Foreground')
    await clock.advance(10_000)
    expect(await names()).toEqual(['child', 'held', 'owner'])
    await client.modify(CONFIG_MAPS, { ...IN_DEFAULT, name: 'held' }, (draft) => {
      draft.metadata.finalizers = []
    })
    await clock.advance(1_000)
    expect(await names()).toEqual([])
  })

  it('foreground: breaks up a ring of owners', async () => {
    const { client, owned, names, remove, clock } = await setUp()
    const a = await owned('a')
    const b = await owned('b', refTo(a, { blockOwnerDeletion: true }))
    await client.modify(CONFIG_MAPS, a.metadata, (draft) => {
      draft.metadata.ownerReferences = [refTo(b, { blockOwnerDeletion: true })]
    })
    await clock.advance(100)
    await remove('a', 'Foreground')
    await clock.advance(10_000)
    expect(await names()).toEqual([])
  })

  describe('of a Deployment', () => {
    async function running() {
      const plane = await startTestControlPlane()
      const { client, clock } = plane
      await client.create(NODES, { metadata: { name: 'n1' }, spec: {} })
      plane.run(new GarbageCollector(plane), new DeploymentController(plane), new ReplicaSetController(plane))
      startTestBinder(plane, plane.signal)
      startTestKubelet(plane, { stopMs: 2_000 }, plane.signal)
      await client.create(DEPLOYMENTS, webDeployment())
      await clock.advance(1_000)
      const counts = async () => ({
        deployments: (await client.list(DEPLOYMENTS)).items.length,
        replicaSets: (await client.list(REPLICA_SETS)).items.length,
        pods: (await client.list(PODS)).items.length,
      })
      expect(await counts()).toEqual({ deployments: 1, replicaSets: 1, pods: 3 })
      return { ...plane, counts }
    }

    it('background: all goes, the Deployment first', async () => {
      const { client, clock, counts } = await running()
      await client.delete(DEPLOYMENTS, WEB, { propagationPolicy: 'Background' })
      await clock.advance(1_000)
      expect(await counts()).toEqual({ deployments: 0, replicaSets: 0, pods: 3 })
      await clock.advance(3_000)
      expect(await counts()).toEqual({ deployments: 0, replicaSets: 0, pods: 0 })
    })

    it('foreground: all goes, the Deployment last', async () => {
      const { client, clock, counts } = await running()
      await client.delete(DEPLOYMENTS, WEB, { propagationPolicy: 'Foreground' })
      await clock.advance(1_000)
      expect(await counts()).toEqual({ deployments: 1, replicaSets: 1, pods: 3 })
      await clock.advance(3_000)
      expect(await counts()).toEqual({ deployments: 0, replicaSets: 0, pods: 0 })
    })

    it('orphan: the Pods run on, and a new Deployment takes them over', async () => {
      const { client, clock, counts } = await running()
      const before = (await client.list(PODS)).items.map(({ metadata }) => metadata.uid)
      await client.delete(DEPLOYMENTS, WEB, { propagationPolicy: 'Orphan' })
      await clock.advance(5_000)
      expect(await counts()).toEqual({ deployments: 0, replicaSets: 1, pods: 3 })
      await client.create(DEPLOYMENTS, webDeployment())
      await clock.advance(5_000)
      expect(await counts()).toEqual({ deployments: 1, replicaSets: 1, pods: 3 })
      expect((await client.list(PODS)).items.map(({ metadata }) => metadata.uid)).toEqual(before)
    })
  })
})
