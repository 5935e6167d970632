import { expect, it } from 'vitest'
import { NODES, PODS, type Pod, PRIORITY_CLASSES } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { podRequests } from '../../shared/pod-requests.ts'
import { type Random, randomInt } from '../../shared/random.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { SimCluster } from '../support/sim-cluster.ts'
import { slowClient } from '../support/slow-client.ts'
import { SEEDS } from './seeds.ts'

const STEPS = 30
const NODE_MILLI = 4_000
const CLASSES = { low: -10, middle: 10, high: 20 }
/** Long for any backoff and grace, but too short for the flush of the scheduler's queue, which would hide a Pod that sleeps on. */
const SETTLE_MS = 60_000

/**
 * Pods of different priorities on nodes that are too small for all, while the API is slow and the control plane is
 * killed now and then: nobody is sent away but for one of higher priority, and in the end nobody waits for what one of
 * lower priority has.
 */
async function run(seed: number): Promise<{ wrong: string[]; preempted: number }> {
  const random = seededRandom(seed)
  const chance = seededRandom(~seed)
  const cluster = await SimCluster.start({
    seed,
    nodes: 2,
    seams: ({ clock }) => ({ client: (client) => slowClient(client, clock, chance) }),
  })
  const watched = new Preemptions(cluster)
  for (const [name, value] of Object.entries(CLASSES)) {
    await cluster.user.create(PRIORITY_CLASSES, { metadata: { name }, value })
  }
  for (let i = 0; i < STEPS; i++) {
    await act(cluster, random, `p${i}`)
    await cluster.clock.advance(randomInt(random, 4_000))
  }
  await cluster.startControlPlane()
  await cluster.clock.advance(SETTLE_MS)
  const wrong = [...watched.unjust, ...unsettled(await podsOf(cluster), await nodeNamesOf(cluster))]
  watched.stop()
  await cluster.close()
  return { wrong, preempted: watched.count }
}

async function act(cluster: SimCluster, random: Random, name: string): Promise<void> {
  const pods = await podsOf(cluster)
  const any = pods[randomInt(random, Math.max(1, pods.length))]
  switch (randomInt(random, 10)) {
    case 0:
      return cluster.crashControlPlane()
    case 1:
      return cluster.startControlPlane()
    case 2:
      if (any) await cluster.user.delete(PODS, { namespace: 'default', name: any.metadata.name })
      return
    default:
      await cluster.user.create(PODS, aPod(name, random))
  }
}

function aPod(name: string, random: Random): Pod {
  const priorityClassName = Object.keys(CLASSES)[randomInt(random, 3)] ?? ''
  const cpu = `${500 * (1 + randomInt(random, 6))}m`
  return {
    metadata: { name, namespace: 'default' },
    spec: {
      priorityClassName,
      terminationGracePeriodSeconds: 1 + randomInt(random, 5),
      containers: [{ name: 'main', image: 'web:1', resources: { requests: { cpu } } }],
    },
  }
}

/** Follows every Pod that is sent away. */
class Preemptions {
  readonly unjust: string[] = []
  count = 0
  readonly #pods = new Map<string, Persisted<Pod>>()
  readonly #stop = new AbortController()

  constructor(cluster: SimCluster) {
    void this.#watch(cluster)
  }

  stop(): void {
    this.#stop.abort()
  }

  async #watch({ user }: SimCluster): Promise<void> {
    for await (const event of user.watch(PODS, { resourceVersion: '0' }, this.#stop.signal)) {
      if (event.type === 'BOOKMARK') continue
      const { object: pod } = event
      const before = this.#pods.get(pod.metadata.uid)
      if (isPreempted(pod) && before && !isPreempted(before)) this.#judge(pod)
      if (event.type === 'DELETED') this.#pods.delete(pod.metadata.uid)
      else this.#pods.set(pod.metadata.uid, pod)
    }
  }

  #judge(victim: Persisted<Pod>): void {
    this.count++
    const waiting = [...this.#pods.values()].filter(({ spec }) => !spec.nodeName)
    if (waiting.some((pod) => priorityOf(pod) > priorityOf(victim))) return
    this.unjust.push(`${victim.metadata.name} was sent away, and nobody of higher priority waits`)
  }
}

/** What is not as priorities would have it; empty where all is. */
function unsettled(pods: readonly Persisted<Pod>[], nodeNames: readonly string[]): string[] {
  const taken = (nodeName: string, from: number) =>
    pods
      .filter((pod) => pod.spec.nodeName === nodeName && priorityOf(pod) >= from)
      .reduce((sum, pod) => sum + milliOf(pod), 0)
  const wrong = pods.flatMap((pod) => {
    const { name } = pod.metadata
    if (pod.spec.nodeName) return pod.status?.phase === 'Running' ? [] : [`${name} is ${pod.status?.phase}`]
    const free = nodeNames.find((node) => NODE_MILLI - taken(node, priorityOf(pod)) >= milliOf(pod))
    const nominated = pod.status?.nominatedNodeName
    return [
      ...(free ? [`${name} waits, though ${free} has room beside Pods of its priority`] : []),
      ...(nominated ? [`${name} waits for room on ${nominated}`] : []),
    ]
  })
  const full = nodeNames.filter((node) => taken(node, Number.NEGATIVE_INFINITY) > NODE_MILLI)
  return [...wrong, ...full.map((node) => `${node} has too many Pods`)]
}

const podsOf = async ({ user }: SimCluster) => (await user.list(PODS)).items
const nodeNamesOf = async ({ user }: SimCluster) => (await user.list(NODES)).items.map(({ metadata }) => metadata.name)
const priorityOf = ({ spec }: Pod) => spec.priority ?? 0
const milliOf = (pod: Pod) => podRequests(pod).cpuMilli

function isPreempted({ status }: Pod): boolean {
  return status?.conditions?.some(({ reason }) => reason === 'PreemptionByScheduler') ?? false
}

it('places Pods by their priority, whatever happens', async () => {
  let preempted = 0
  for (const seed of SEEDS) {
    const outcome = await run(seed)
    expect(outcome.wrong, `seed ${seed}`).toEqual([])
    preempted += outcome.preempted
  }
  expect(preempted).toBeGreaterThan(SEEDS.length)
})
