import { describe, expect, it } from 'vitest'
import { controllers } from '../../../../controlplane/controllers/index.ts'
import { DEPLOYMENTS, type Kind, PODS, REPLICA_SETS } from '../../../../shared/api/kinds.ts'
import { randomInt } from '../../../../shared/random.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { startTestBinder } from '../../../support/test-binder.ts'
import { startTestControlPlane } from '../../../support/test-control-plane.ts'
import { createTestMachine } from '../../../support/test-machine.ts'
import { WEB, webDeployment } from './deployment/deployment-cluster.ts'

const WORKLOADS: readonly Kind[] = [DEPLOYMENTS, REPLICA_SETS, PODS]

/** All controllers, three machines, and a minute in which anything may happen to a Deployment. */
async function aBadMinute(seed: number) {
  const random = seededRandom(seed)
  let plane = await startTestControlPlane({ seed })
  const { clock, registry, client } = plane
  const begin = () => {
    plane.run(...controllers(plane))
    startTestBinder(plane, plane.signal)
  }
  begin()
  // The machines see the API through a control plane that stays.
  const api = await startTestControlPlane({ clock, registry, seed: seed + 1 })
  const machines = ['n1', 'n2', 'n3'].map((name) => createTestMachine(name, api))
  for (const machine of machines) await machine.boot()
  await client.create(DEPLOYMENTS, webDeployment({ replicas: 4 }))

  const change = (alter: (spec: ReturnType<typeof webDeployment>['spec']) => void) =>
    client.modify(DEPLOYMENTS, WEB, (draft) => {
      alter(draft.spec)
    })
  const troubles = [
    () =>
      change((spec) =>
        Object.assign(spec.template.spec?.containers[0] ?? {}, { image: `web:${randomInt(random, 3)}` }),
      ),
    () => change((spec) => Object.assign(spec, { replicas: randomInt(random, 9) })),
    () => change((spec) => Object.assign(spec, { paused: random.next() < 0.5 })),
    async () => {
      const { items } = await client.list(PODS)
      const victim = items[randomInt(random, Math.max(1, items.length))]
      if (victim) await client.delete(PODS, victim.metadata).catch(() => undefined)
    },
    async () => machines[randomInt(random, 3)]?.cutPower(),
    async () => machines[randomInt(random, 3)]?.boot(),
    async () => {
      await plane.stop()
      plane = await startTestControlPlane({ clock, registry, seed: seed + clock.now() })
      begin()
    },
  ]
  for (const start = clock.now(); clock.now() < start + 60_000; ) {
    await troubles[randomInt(random, troubles.length)]?.()
    await clock.advance(randomInt(random, 3_000))
  }
  return { clock, client, machines, change }
}

describe('all controllers together', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'come to the state that is asked for, whatever happened before (seed %i)',
    async (seed) => {
      const { clock, client, machines, change } = await aBadMinute(seed)
      for (const machine of machines) {
        machine.cutPower()
        await machine.boot()
      }
      await change((spec) => Object.assign(spec, { paused: false, replicas: 5 }))
      await clock.advance(60_000)

      const pods = (await client.list(PODS)).items
      const deployment = await client.get(DEPLOYMENTS, WEB)
      const image = deployment.spec.template.spec?.containers[0]?.image
      expect(pods.map((pod) => pod.spec.containers[0]?.image)).toEqual(Array(5).fill(image))
      expect(pods.every((pod) => pod.status?.phase === 'Running' && !pod.metadata.deletionTimestamp)).toBe(true)
      expect(deployment.status).toMatchObject({ replicas: 5, updatedReplicas: 5, availableReplicas: 5 })
      const sets = (await client.list(REPLICA_SETS)).items
      expect(sets.map((set) => set.spec.replicas).filter(Boolean)).toEqual([5])

      await client.delete(DEPLOYMENTS, WEB, { propagationPolicy: 'Foreground' })
      await clock.advance(10_000)
      for (const kind of WORKLOADS) expect((await client.list(kind)).items).toEqual([])
    },
  )

  it('write nothing while nothing happens', async () => {
    const plane = await startTestControlPlane()
    plane.run(...controllers(plane))
    startTestBinder(plane, plane.signal)
    const machines = ['n1', 'n2', 'n3'].map((name) => createTestMachine(name, plane))
    for (const machine of machines) await machine.boot()
    await plane.client.create(DEPLOYMENTS, webDeployment({ replicas: 10 }))
    await plane.clock.advance(10_000)
    const versions = async () => {
      const lists = await Promise.all(WORKLOADS.map((kind) => plane.client.list(kind)))
      return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.resourceVersion))
    }
    const before = await versions()
    await plane.clock.advance(120_000)
    expect(await versions()).toEqual(before)
  })
})
