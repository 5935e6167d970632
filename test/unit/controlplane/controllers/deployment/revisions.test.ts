import { describe, expect, it } from 'vitest'
import { DEPLOYMENTS, REPLICA_SETS } from '../../../../../shared/api/kinds.ts'
import { deploymentCluster, imageOf, WEB, webDeployment } from './deployment-cluster.ts'

const REVISION = 'deployment.kubernetes.io/revision'
const HISTORY = 'deployment.kubernetes.io/revision-history'

describe('revisions', () => {
  async function rolledOut(...images: string[]) {
    const cluster = await deploymentCluster()
    const [first, ...rest] = images
    await cluster.create({}, first)
    await cluster.rolledOut()
    for (const image of rest) {
      await cluster.setImage(image)
      await cluster.rolledOut()
    }
    const revisions = async () =>
      Object.fromEntries(
        (await cluster.replicaSets()).map((set) => [imageOf(set), set.metadata.annotations?.[REVISION]]),
      )
    return { ...cluster, revisions }
  }

  it('counts up with each template', async () => {
    const cluster = await rolledOut('web:1', 'web:2', 'web:3')
    expect(await cluster.revisions()).toEqual({ 'web:1': '1', 'web:2': '2', 'web:3': '3' })
    expect((await cluster.deployment()).metadata.annotations?.[REVISION]).toBe('3')
  })

  it('goes back to an old ReplicaSet when the template does, as kubectl rollout undo has it', async () => {
    const cluster = await rolledOut('web:1', 'web:2')
    const before = (await cluster.replicaSets()).map((set) => set.metadata.uid)
    // What kubectl patches comes from Go: the old template with its zero values.
    await cluster.change((spec) => {
      spec.template.spec = { containers: [{ name: 'main', image: 'web:1', resources: {} }] }
      Object.assign(spec.template.metadata ?? {}, { creationTimestamp: null })
    })
    await cluster.rolledOut()
    const sets = await cluster.replicaSets()
    expect(sets.map((set) => set.metadata.uid)).toEqual(before)
    expect(await cluster.revisions()).toEqual({ 'web:1': '3', 'web:2': '2' })
    expect(sets.find((set) => imageOf(set) === 'web:1')?.metadata.annotations?.[HISTORY]).toBe('1')
    expect((await cluster.deployment()).metadata.annotations?.[REVISION]).toBe('3')
    expect(await cluster.sizes()).toEqual({ 'web:1': 3 })
  })

  it('keeps no more old ReplicaSets than the limit, the newest revisions', async () => {
    const cluster = await deploymentCluster()
    await cluster.create({ revisionHistoryLimit: 2 })
    await cluster.rolledOut()
    for (const image of ['web:2', 'web:3', 'web:4', 'web:5']) {
      await cluster.setImage(image)
      await cluster.rolledOut()
    }
    await cluster.clock.advance(1_000)
    expect((await cluster.replicaSets()).map(imageOf).sort()).toEqual(['web:3', 'web:4', 'web:5'])
  })

  it('copies the change cause and other annotations to the ReplicaSet, but not what kubectl applied', async () => {
    const cluster = await deploymentCluster()
    const web = webDeployment()
    await cluster.client.create(DEPLOYMENTS, {
      ...web,
      metadata: {
        ...web.metadata,
        annotations: {
          'kubernetes.io/change-cause': 'first',
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
        },
      },
    })
    await cluster.rolledOut()
    const annotations = async () => (await cluster.replicaSets())[0]?.metadata.annotations
    expect(await annotations()).toMatchObject({ 'kubernetes.io/change-cause': 'first' })
    expect(await annotations()).not.toHaveProperty('kubectl.kubernetes.io/last-applied-configuration')
    await cluster.client.modify(DEPLOYMENTS, WEB, (draft) => {
      draft.metadata.annotations = { ...draft.metadata.annotations, 'kubernetes.io/change-cause': 'second' }
    })
    await cluster.clock.advance(1_000)
    expect(await annotations()).toMatchObject({ 'kubernetes.io/change-cause': 'second' })
  })

  it('takes another hash where the name of its ReplicaSet is taken', async () => {
    const cluster = await rolledOut('web:1')
    const [set] = await cluster.replicaSets()
    const { name = '' } = set?.metadata ?? {}
    await cluster.client.delete(DEPLOYMENTS, WEB)
    await cluster.client.delete(REPLICA_SETS, { namespace: 'default', name })
    const { template } = webDeployment({}, 'other').spec
    await cluster.client.create(REPLICA_SETS, {
      metadata: { namespace: 'default', name },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'other' } },
        template: { ...template, metadata: { labels: { app: 'other' } } },
      },
    })
    await cluster.clock.advance(1_000)
    await cluster.create()
    await cluster.rolledOut()
    expect((await cluster.deployment()).status?.collisionCount).toBe(1)
    const mine = (await cluster.replicaSets()).filter((set) => set.spec.replicas === 3)
    expect(mine).toHaveLength(1)
    expect(mine[0]?.metadata.name).not.toBe(name)
  })

  it('adopts a ReplicaSet of its template that nobody owns', async () => {
    const cluster = await deploymentCluster()
    const { selector, template } = webDeployment().spec
    await cluster.client.create(REPLICA_SETS, {
      metadata: { namespace: 'default', name: 'orphan', labels: { app: 'web' } },
      spec: { replicas: 2, selector: selector, template },
    })
    await cluster.clock.advance(500)
    await cluster.create()
    await cluster.rolledOut()
    const sets = await cluster.replicaSets()
    expect(sets.map((set) => set.metadata.name)).toEqual(['orphan'])
    expect(sets[0]?.metadata.ownerReferences).toMatchObject([{ kind: 'Deployment', name: 'web', controller: true }])
    expect(await cluster.condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' })
    expect(sets[0]?.spec.replicas).toBe(3)
  })
})
