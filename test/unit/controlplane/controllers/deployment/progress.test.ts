import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../../../shared/api/api-error.ts'
import { PODS } from '../../../../../shared/api/kinds.ts'
import { deploymentCluster } from './deployment-cluster.ts'

describe('progress', () => {
  it('ends in ProgressDeadlineExceeded, at the deadline, where new Pods do not become ready', async () => {
    const cluster = await deploymentCluster({
      fateOf: (pod) => (pod.spec.containers[0]?.image === 'bad' ? 'unready' : 'ready'),
    })
    await cluster.create({ progressDeadlineSeconds: 60 }, 'good')
    await cluster.rolledOut()
    await cluster.setImage('bad')
    await cluster.clock.advance(58_000)
    expect(await cluster.condition('Progressing')).toMatchObject({ status: 'True', reason: 'ReplicaSetUpdated' })
    await cluster.clock.advance(4_000)
    const bad = (await cluster.replicaSets()).find((set) => set.spec.template?.spec?.containers[0]?.image === 'bad')
    expect(await cluster.condition('Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: `ReplicaSet "${bad?.metadata.name}" has timed out progressing.`,
    })
    expect(await cluster.condition('Available')).toMatchObject({ status: 'True' })

    await cluster.setImage('good')
    await cluster.rolledOut()
    await cluster.clock.advance(100)
    expect(await cluster.condition('Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' })
  })

  it('starts the deadline anew with each step', async () => {
    const started = new Set<string>()
    const cluster = await deploymentCluster({
      startMs: 8_000,
      fateOf: (pod) => {
        started.add(pod.metadata.uid)
        return 'ready'
      },
    })
    await cluster.create({
      replicas: 6,
      progressDeadlineSeconds: 10,
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    })
    await cluster.rolledOut()
    await cluster.setImage('web:2')
    const reasons = new Set<string | undefined>()
    for (let i = 0; i < 60; i++) {
      await cluster.clock.advance(1_000)
      reasons.add((await cluster.condition('Progressing'))?.reason)
    }
    expect(started.size).toBe(12)
    expect([...reasons]).not.toContain('ProgressDeadlineExceeded')
    expect(await cluster.condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' })
  })

  it('is not watched over without a deadline', async () => {
    const cluster = await deploymentCluster({ fateOf: () => 'unready' })
    await cluster.create({ progressDeadlineSeconds: 2 ** 31 - 1 })
    await cluster.clock.advance(3_600_000)
    expect(await cluster.condition('Progressing')).toBeUndefined()
  })

  it('stays complete when Pods come and go later', async () => {
    const cluster = await deploymentCluster()
    await cluster.create({ progressDeadlineSeconds: 30 })
    await cluster.rolledOut()
    await cluster.clock.advance(100_000)
    for (const pod of await cluster.pods()) await cluster.client.delete(PODS, pod.metadata)
    await cluster.clock.advance(5)
    expect(await cluster.condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' })
    await cluster.clock.advance(100_000)
    expect(await cluster.condition('Progressing')).toMatchObject({ reason: 'NewReplicaSetAvailable' })
  })

  it('passes on why a ReplicaSet cannot make Pods', async () => {
    let isRefused = true
    const cluster = await deploymentCluster({}, (client) => ({
      ...client,
      create: (kind, object) => {
        if (isRefused && kind.type === PODS.type) throw ApiError.forbidden(PODS, '', 'exceeded quota')
        return client.create(kind, object)
      },
    }))
    await cluster.create()
    await cluster.clock.advance(1_000)
    expect(await cluster.condition('ReplicaFailure')).toMatchObject({
      status: 'True',
      reason: 'FailedCreate',
      message: 'pods is forbidden: exceeded quota',
    })
    expect(await cluster.events('FailedCreate')).toContain('Error creating: pods is forbidden: exceeded quota')
    isRefused = false
    await cluster.clock.advance(60_000)
    expect(await cluster.condition('ReplicaFailure')).toBeUndefined()
    expect(await cluster.pods()).toHaveLength(3)
  })
})
