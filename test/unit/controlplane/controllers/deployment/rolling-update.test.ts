import { describe, expect, it } from 'vitest'
import { PODS, type Pod } from '../../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../../shared/api/object.ts'
import { sleep } from '../../../../../shared/clock.ts'
import { deploymentCluster } from './deployment-cluster.ts'

const isActive = (pod: Pod) => !pod.metadata.deletionTimestamp
const isReady = (pod: Pod) => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')

describe('rolling update', () => {
  it('brings up a new Deployment and tells of it', async () => {
    const cluster = await deploymentCluster()
    await cluster.create()
    await cluster.rolledOut()
    const [set] = await cluster.replicaSets()
    const { status, metadata } = await cluster.deployment()
    expect(status).toMatchObject({
      observedGeneration: metadata.generation,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    })
    expect(metadata.annotations).toMatchObject({ 'deployment.kubernetes.io/revision': '1' })
    expect(metadata.generation).toBe(1) // what the controller notes is no wish of the user
    expect(set?.metadata.name).toMatch(/^web-[b-df-hj-np-tv-xz24-9]{5,10}$/)
    expect(set?.metadata.annotations).toEqual({
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    })
    const hash = set?.metadata.labels?.['pod-template-hash']
    expect(set?.metadata.name).toBe(`web-${hash}`)
    expect(set?.spec.selector.matchLabels).toEqual({ app: 'web', 'pod-template-hash': hash })
    expect((await cluster.pods()).map((pod) => pod.metadata.labels)).toEqual(
      Array(3).fill({ app: 'web', 'pod-template-hash': hash }),
    )
    expect(await cluster.condition('Available')).toMatchObject({ status: 'True', reason: 'MinimumReplicasAvailable' })
    expect(await cluster.condition('Progressing')).toMatchObject({
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: `ReplicaSet "${set?.metadata.name}" has successfully progressed.`,
    })
    expect(await cluster.events('ScalingReplicaSet')).toEqual([
      `Scaled up replica set ${set?.metadata.name} from 0 to 3`,
    ])
  })

  const cases = [
    { replicas: 3, maxSurge: '25%', maxUnavailable: '25%', most: 4, least: 3 },
    { replicas: 10, maxSurge: 3, maxUnavailable: 2, most: 13, least: 8 },
    { replicas: 4, maxSurge: 0, maxUnavailable: 1, most: 4, least: 3 },
    { replicas: 3, maxSurge: 0, maxUnavailable: '10%', most: 3, least: 2 }, // both come to 0: one may be unavailable
    { replicas: 5, maxSurge: '100%', maxUnavailable: 0, most: 10, least: 5 },
    { replicas: 1, maxSurge: 1, maxUnavailable: 0, most: 2, least: 1 },
  ]
  it.each(cases)(
    'keeps within its bounds at every moment: $replicas, surge $maxSurge, unavailable $maxUnavailable',
    async ({ replicas, maxSurge, maxUnavailable, most, least }) => {
      const cluster = await deploymentCluster()
      await cluster.create({
        replicas,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
      })
      await cluster.rolledOut()

      const counts = { most: 0, least: Infinity }
      const count = (pods: readonly Persisted<Pod>[]) => {
        counts.most = Math.max(counts.most, pods.filter(isActive).length)
        counts.least = Math.min(counts.least, pods.filter(isActive).filter(isReady).length)
      }
      cluster.watchPods(count)
      await cluster.setImage('web:2')
      await cluster.rolledOut()

      expect(counts).toEqual({ most, least })
      expect(await cluster.sizes()).toEqual({ 'web:2': replicas })
      expect((await cluster.pods()).filter(isActive)).toHaveLength(replicas)
    },
  )

  it('keeps within its surge also where Pods are slower to delete than to create', async () => {
    const cluster = await deploymentCluster({}, (client) => ({
      ...client,
      delete: async (kind, key, options) => {
        if (kind.type === PODS.type) await sleep(cluster.clock, 500)
        await client.delete(kind, key, options)
      },
    }))
    await cluster.create({ replicas: 4, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } })
    await cluster.rolledOut()
    let most = 0
    cluster.watchPods((pods) => {
      most = Math.max(most, pods.filter(isActive).length)
    })
    await cluster.setImage('web:2')
    await cluster.rolledOut()
    expect(most).toBe(5)
  })

  it('waits minReadySeconds before it counts a Pod as available', async () => {
    const cluster = await deploymentCluster()
    await cluster.create({ replicas: 2, minReadySeconds: 10 })
    await cluster.clock.advance(5_000)
    expect((await cluster.deployment()).status).toMatchObject({ readyReplicas: 2, unavailableReplicas: 2 })
    expect(await cluster.condition('Available')).toMatchObject({
      status: 'False',
      reason: 'MinimumReplicasUnavailable',
    })
    await cluster.clock.advance(6_000)
    expect((await cluster.deployment()).status?.availableReplicas).toBe(2)
  })

  it('takes old Pods that are not available first, so that they do not block it', async () => {
    const cluster = await deploymentCluster({
      fateOf: (pod) => (pod.spec.containers[0]?.image === 'bad' ? 'unready' : 'ready'),
    })
    await cluster.create({ strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }, 'good:1')
    await cluster.rolledOut()
    await cluster.setImage('bad')
    await cluster.clock.advance(5_000)
    expect(await cluster.sizes()).toEqual({ 'good:1': 3, bad: 1 })
    await cluster.setImage('good:2')
    await cluster.rolledOut()
    expect(await cluster.sizes()).toEqual({ 'good:2': 3 })
  })

  it('replaces a Pod that is deleted', async () => {
    const cluster = await deploymentCluster()
    await cluster.create()
    await cluster.rolledOut()
    const [victim] = await cluster.pods()
    await cluster.client.delete(PODS, victim!.metadata)
    await cluster.clock.advance(1_000)
    const names = (await cluster.pods()).map((pod) => pod.metadata.name)
    expect(names).toHaveLength(3)
    expect(names).not.toContain(victim?.metadata.name)
  })
})
