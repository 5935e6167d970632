import { describe, expect, it } from 'vitest'
import { PODS } from '../../../../../shared/api/kinds.ts'
import { deploymentCluster } from './deployment-cluster.ts'

describe('scaling', () => {
  it('goes up and down with spec.replicas', async () => {
    const cluster = await deploymentCluster()
    await cluster.create()
    await cluster.rolledOut()
    for (const replicas of [7, 2, 0, 1]) {
      await cluster.change((spec) => {
        spec.replicas = replicas
      })
      await cluster.rolledOut()
      await cluster.clock.advance(200)
      expect(await cluster.pods()).toHaveLength(replicas)
    }
    expect(await cluster.events('ScalingReplicaSet')).toContainEqual(
      expect.stringMatching(/^Scaled down replica set web-\w+ from 7 to 2$/),
    )
  })

  /** The example of Kubernetes' documentation: 10 replicas, surge 3, unavailable 2, a bad image, then 15 replicas. */
  async function stuckRollout() {
    const cluster = await deploymentCluster({
      fateOf: (pod) => (pod.spec.containers[0]?.image === 'bad' ? 'unready' : 'ready'),
    })
    await cluster.create({ replicas: 10, strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }, 'good')
    await cluster.rolledOut()
    await cluster.setImage('bad')
    await cluster.clock.advance(5_000)
    expect(await cluster.sizes()).toEqual({ good: 8, bad: 5 })
    return cluster
  }

  it('spreads over the ReplicaSets of a rollout in proportion', async () => {
    const cluster = await stuckRollout()
    await cluster.change((spec) => {
      spec.replicas = 15
    })
    await cluster.clock.advance(5_000)
    expect(await cluster.sizes()).toEqual({ good: 11, bad: 7 })
  })

  it('takes in proportion, too', async () => {
    const cluster = await stuckRollout()
    await cluster.change((spec) => {
      spec.replicas = 5
    })
    await cluster.clock.advance(5_000)
    const events = await cluster.events('ScalingReplicaSet')
    expect(events).toContainEqual(expect.stringMatching(/^Scaled down replica set web-\w+ from 8 to 5$/))
    expect(events).toContainEqual(expect.stringMatching(/^Scaled down replica set web-\w+ from 5 to 3$/))
    // Then the rollout goes on: three good ones are enough.
    expect(await cluster.sizes()).toEqual({ good: 3, bad: 5 })
  })

  it('scales a paused rollout in proportion as well', async () => {
    const cluster = await stuckRollout()
    await cluster.change((spec) => {
      spec.paused = true
      spec.replicas = 15
    })
    await cluster.clock.advance(5_000)
    expect(await cluster.sizes()).toEqual({ good: 11, bad: 7 })
  })
})

describe('pause', () => {
  it('stops the rollout of templates until it ends', async () => {
    const cluster = await deploymentCluster()
    await cluster.create()
    await cluster.rolledOut()
    await cluster.change((spec) => {
      spec.paused = true
    })
    await cluster.clock.advance(1_000)
    expect(await cluster.condition('Progressing')).toMatchObject({
      status: 'Unknown',
      reason: 'DeploymentPaused',
      message: 'Deployment is paused',
    })
    await cluster.setImage('web:2')
    await cluster.clock.advance(10_000)
    expect(await cluster.sizes()).toEqual({ 'web:1': 3 })

    await cluster.change((spec) => {
      spec.replicas = 5
    })
    await cluster.clock.advance(1_000)
    expect(await cluster.sizes()).toEqual({ 'web:1': 5 })

    await cluster.change((spec) => {
      delete spec.paused
    })
    await cluster.clock.advance(1)
    await cluster.rolledOut()
    expect(await cluster.sizes()).toEqual({ 'web:2': 5 })
    expect(await cluster.condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' })
  })

  it('says that it has ended, where there is nothing to roll out', async () => {
    const cluster = await deploymentCluster({ fateOf: () => 'unready' })
    await cluster.create({ paused: true })
    await cluster.clock.advance(1_000)
    expect(await cluster.pods()).toEqual([])
    await cluster.change((spec) => {
      spec.paused = false
    })
    const reasons = new Set<string | undefined>()
    for (let i = 0; i < 20; i++) {
      await cluster.clock.advance(1)
      reasons.add((await cluster.condition('Progressing'))?.reason)
    }
    expect([...reasons]).toContain('ReplicaSetUpdated')
    expect(await cluster.pods()).toHaveLength(3)
  })
})

describe('Recreate', () => {
  it('lets no new Pod start before the last old one is gone', async () => {
    const cluster = await deploymentCluster({ stopMs: 3_000 })
    await cluster.create({ strategy: { type: 'Recreate' } })
    await cluster.rolledOut()
    let mixed = 0
    cluster.watchPods((pods) => {
      if (new Set(pods.map((pod) => pod.spec.containers[0]?.image)).size > 1) mixed++
    })
    await cluster.setImage('web:2')
    await cluster.clock.advance(2_000)
    expect((await cluster.pods()).filter((pod) => pod.metadata.deletionTimestamp)).toHaveLength(3)
    await cluster.rolledOut()
    expect(mixed).toBe(0)
    expect(await cluster.sizes()).toEqual({ 'web:2': 3 })
  })

  it('keeps its size as any other', async () => {
    const cluster = await deploymentCluster()
    await cluster.create({ strategy: { type: 'Recreate' } })
    await cluster.rolledOut()
    await cluster.change((spec) => {
      spec.replicas = 5
    })
    await cluster.rolledOut()
    const [pod] = await cluster.pods()
    if (pod) await cluster.client.delete(PODS, pod.metadata)
    await cluster.clock.advance(1_000)
    expect(await cluster.pods()).toHaveLength(5)
  })
})
