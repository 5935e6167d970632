import { type Random, randomInt } from '../../shared/random.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimCluster } from '../support/sim-cluster.ts'
import { happen, healAll } from './faults.ts'
import { Invariants } from './invariants.ts'
import { WebDeployment } from './web-deployment.ts'

export interface Outcome {
  trace: readonly string[]
  violations: readonly string[]
  virtualMs: number
}

const FAULT_COUNT = 40
/** A container that was killed again and again waits up to five minutes for its next start. */
const SETTLE_LIMIT_MS = 15 * 60_000

/**
 * A user's Deployment on three nodes: rolled and scaled while all is well, then while everything fails in turn. Throws
 * where it does not end as asked once nothing fails any more.
 */
export async function runScenario(seed: number): Promise<Outcome> {
  const cluster = await SimCluster.start({ seed, nodes: 3 })
  const invariants = new Invariants(cluster)
  const startMs = cluster.clock.now()
  try {
    const web = new WebDeployment(cluster)
    await whileAllIsWell(web, invariants, seededRandom(seed + 1))
    await whileThingsFail(cluster, web, seededRandom(seed + 2))
    await healAll(cluster)
    await web.settle(SETTLE_LIMIT_MS)
    const virtualMs = cluster.clock.now() - startMs
    return { trace: cluster.trace, violations: invariants.violations, virtualMs }
  } finally {
    invariants.stop()
    await cluster.close()
  }
}

/** Rolling updates keep their promise exactly. */
async function whileAllIsWell(web: WebDeployment, invariants: Invariants, random: Random): Promise<void> {
  let replicas = 3 + randomInt(random, 3)
  await web.create(replicas)
  await web.settle(60_000)
  for (const image of ['web:2', 'web:3']) {
    invariants.bounds = { minAvailable: replicas - 1, maxPods: replicas + 1 }
    await web.roll(image)
    await web.settle(120_000)
    invariants.bounds = undefined
    replicas = 2 + randomInt(random, 5)
    await web.scale(replicas)
    await web.settle(60_000)
  }
}

async function whileThingsFail(cluster: SimCluster, web: WebDeployment, random: Random): Promise<void> {
  for (let i = 0; i < FAULT_COUNT; i++) {
    if (random.next() < 0.3) await act(cluster, web, random)
    else await happen(cluster, random)
    await cluster.clock.advance(100 + randomInt(random, 6_000))
  }
}

/** What the user does meanwhile. */
async function act(cluster: SimCluster, web: WebDeployment, random: Random): Promise<void> {
  const pods = await web.pods()
  const victim = pods[randomInt(random, pods.length)]
  switch (randomInt(random, 3)) {
    case 0:
      cluster.note('scale')
      return web.scale(1 + randomInt(random, 7))
    case 1:
      cluster.note('roll')
      return web.roll(`web:${randomInt(random, 10)}`)
    default:
      cluster.note(`delete ${victim?.metadata.name}`)
      if (victim) await web.delete(victim.metadata.name)
  }
}
