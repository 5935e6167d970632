import { type Random, randomInt } from '../../shared/random.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimCluster } from '../support/sim-cluster.ts'
import { joinSeams, type SimSeams } from '../support/sim-seams.ts'
import { slowClient } from '../support/slow-client.ts'
import { happen, healAll } from './faults.ts'
import { Invariants } from './invariants.ts'
import { startOnlookers } from './onlookers.ts'
import { SecretLeaks } from './secret-leaks.ts'
import type { Violation } from './violations.ts'
import { WebDeployment } from './web-deployment.ts'

export interface Outcome {
  trace: readonly string[]
  /** All of the step in which the first was found; the run ends there. */
  violations: readonly Violation[]
  virtualMs: number
}

/** Breaks a part of a cluster. */
export type Plant = (cluster: SimCluster) => SimSeams

const FAULT_COUNT = 40
/** A container that was killed again and again waits up to five minutes for its next start. */
const SETTLE_LIMIT_MS = 15 * 60_000
/** How long one without faults may take. */
const CALM_LIMIT_MS = 2 * 60_000

/** Ends a run in which something was found. */
class Found extends Error {}

/**
 * A user's Deployment on three nodes: rolled and scaled while all is well, then while everything fails in turn, and it
 * must end as asked once nothing fails any more. All invariants are looked at after each step.
 */
export async function runScenario(seed: number, plant: Plant = () => ({})): Promise<Outcome> {
  const run = await Run.start(seed, plant)
  const startMs = run.cluster.clock.now()
  try {
    await run.whileAllIsWell(seededRandom(seed + 1))
    await run.whileThingsFail(seededRandom(seed + 2))
    await run.recover()
  } catch (error) {
    if (!(error instanceof Found)) throw error
  } finally {
    await run.close()
  }
  const virtualMs = run.cluster.clock.now() - startMs
  return { trace: run.cluster.trace, violations: run.invariants.violations.all, virtualMs }
}

class Run {
  readonly cluster: SimCluster
  readonly invariants: Invariants
  readonly #web: WebDeployment
  readonly #end = new AbortController()
  #replicas = 0

  static async start(seed: number, plant: Plant): Promise<Run> {
    const password = `pass-${seed}-${seededRandom(seed + 3).next()}`
    const secrets = new SecretLeaks(password)
    let invariants: Invariants | undefined
    const seams = (cluster: SimCluster): SimSeams => {
      const chance = seededRandom(seed + 4)
      invariants = new Invariants(cluster, secrets)
      const slow: SimSeams = { client: (client) => slowClient(client, cluster.clock, chance) }
      return joinSeams([plant(cluster), slow, invariants.seams])
    }
    const cluster = await SimCluster.start({ seed, nodes: 3, log: secrets.log, seams })
    if (!invariants) throw new Error('the cluster did not ask for its seams')
    return new Run(cluster, invariants, new WebDeployment(cluster, password), seed)
  }

  private constructor(cluster: SimCluster, invariants: Invariants, web: WebDeployment, seed: number) {
    this.cluster = cluster
    this.invariants = invariants
    this.#web = web
    startOnlookers(cluster, seededRandom(seed + 5), this.#end.signal)
  }

  /** Rolling updates keep their promise exactly, and a restart of either side changes nothing. */
  async whileAllIsWell(random: Random): Promise<void> {
    this.#replicas = 3 + randomInt(random, 3)
    this.#promise(0, this.#replicas)
    await this.#web.create(this.#replicas)
    await this.#settle(CALM_LIMIT_MS)
    for (const image of ['web:2', 'web:3']) {
      this.#promise(this.#replicas - 1, this.#replicas + 1)
      await this.#web.roll(image)
      await this.#settle(CALM_LIMIT_MS)
      await this.#scale(2 + randomInt(random, 5))
      await this.#settle(CALM_LIMIT_MS)
    }
    this.#promise(this.#replicas, this.#replicas)
    await this.#restartAgent(random)
    await this.#restartControlPlane(random)
  }

  async whileThingsFail(random: Random): Promise<void> {
    const { pods, sizes } = this.invariants
    pods.isCalm = false
    pods.bounds = undefined
    sizes.maxReplicas = this.#replicas + 1
    for (let i = 0; i < FAULT_COUNT; i++) {
      if (random.next() < 0.3) await this.#act(random)
      else await happen(this.cluster, random)
      await this.#pass(100 + randomInt(random, 6_000))
    }
  }

  async recover(): Promise<void> {
    await healAll(this.cluster)
    await this.#settle(SETTLE_LIMIT_MS)
    await this.#pass(60_000)
    await this.#settle(SETTLE_LIMIT_MS)
  }

  async close(): Promise<void> {
    this.#end.abort()
    this.invariants.stop()
    await this.cluster.close()
  }

  /** Holds while all is well. */
  #promise(minAvailable: number, maxPods: number): void {
    this.invariants.pods.bounds = { minAvailable, maxPods }
    this.invariants.sizes.maxReplicas = maxPods
  }

  async #scale(replicas: number): Promise<void> {
    this.#promise(Math.min(this.#replicas, replicas), Math.max(this.#replicas, replicas))
    this.#replicas = replicas
    await this.#web.scale(replicas)
  }

  async #restartAgent(random: Random): Promise<void> {
    const agent = this.cluster.agents[randomInt(random, this.cluster.agents.length)]
    agent?.crash()
    await this.#pass(randomInt(random, 1_000))
    agent?.start()
    await this.#pass(20_000)
  }

  async #restartControlPlane(random: Random): Promise<void> {
    this.cluster.crashControlPlane()
    await this.#pass(randomInt(random, 120_000))
    await this.cluster.startControlPlane()
    await this.#pass(30_000)
  }

  /** What the user does while things fail. The surge is on top of the most that was asked for. */
  async #act(random: Random): Promise<void> {
    const pods = await this.#web.pods()
    const victim = pods[randomInt(random, pods.length)]
    switch (randomInt(random, 3)) {
      case 0:
        this.cluster.note('scale')
        this.#replicas = 1 + randomInt(random, 7)
        this.invariants.sizes.maxReplicas = Math.max(this.invariants.sizes.maxReplicas, this.#replicas + 1)
        return this.#web.scale(this.#replicas)
      case 1:
        this.cluster.note('roll')
        return this.#web.roll(`web:${randomInt(random, 10)}`)
      default:
        this.cluster.note(`delete ${victim?.metadata.name}`)
        if (victim) await this.#web.delete(victim.metadata.name)
    }
  }

  async #settle(limitMs: number): Promise<void> {
    const left = await this.#web.settled(limitMs, () => this.#check())
    for (const what of left) this.invariants.violations.add('all ends as asked', what)
    this.#stopIfBroken()
  }

  async #pass(ms: number): Promise<void> {
    await this.cluster.clock.advance(ms)
    await this.#check()
  }

  async #check(): Promise<void> {
    await this.invariants.check()
    this.#stopIfBroken()
  }

  #stopIfBroken(): void {
    if (this.invariants.areBroken) throw new Found()
  }
}
