import { afterEach, describe, expect, it } from 'vitest'
import { PODS } from '../../shared/api/kinds.ts'
import { SimCluster } from '../support/sim-cluster.ts'
import { PodInvariants } from './pod-invariants.ts'
import { isReady } from './pod-readiness.ts'
import { type Outcome, runScenario } from './scenario.ts'
import { SEEDS } from './seeds.ts'
import { Violations } from './violations.ts'
import { WebDeployment } from './web-deployment.ts'

describe('a cluster in which everything fails in turn', () => {
  const outcomes = new Map<number, Promise<Outcome>>()
  const outcomeOf = (seed: number) => {
    const outcome = outcomes.get(seed) ?? runScenario(seed)
    outcomes.set(seed, outcome)
    return outcome
  }

  it.each(SEEDS)('keeps its promises and ends as asked: seed %i', async (seed) => {
    const { violations } = await outcomeOf(seed)
    expect(violations).toEqual([])
  })

  it('does the same again from the same seed', async () => {
    const [first, second, other] = [await outcomeOf(1), await runScenario(1), await outcomeOf(2)]
    expect(first.trace.length).toBeGreaterThan(500)
    expect(second.trace).toEqual(first.trace)
    expect(other.trace).not.toEqual(first.trace)
  })
})

describe('what dies alone', () => {
  let cluster: SimCluster | undefined
  afterEach(() => cluster?.close())

  const webOf = async (replicas: number) => {
    cluster = await SimCluster.start({ seed: 1, nodes: 3 })
    const web = new WebDeployment(cluster)
    await web.create(replicas)
    await web.settle(60_000)
    return { cluster, web }
  }
  const containerIds = ({ agents }: SimCluster) =>
    agents.flatMap(({ runtime }) => runtime.running().map(({ id }) => id)).sort()

  it('spreads a Deployment over the nodes', async () => {
    const { cluster } = await webOf(6)
    expect(cluster.agents.map(({ runtime }) => runtime.running().length)).toEqual([2, 2, 2])
  })

  it('leaves every container alone when the control plane is killed', async () => {
    const { cluster, web } = await webOf(4)
    const before = containerIds(cluster)
    cluster.crashControlPlane()
    await cluster.clock.advance(60_000)
    await cluster.startControlPlane()
    await cluster.clock.advance(60_000)
    await web.settle(60_000)
    expect(containerIds(cluster)).toEqual(before)
  })

  it('restarts a container while the control plane is away, and tells it later', async () => {
    const { cluster, web } = await webOf(3)
    cluster.crashControlPlane()
    const [agent] = cluster.agents
    const [container] = agent?.runtime.running() ?? []
    agent?.runtime.exitContainer(container?.id ?? '', { exitCode: 1 })
    await cluster.clock.advance(5_000)
    expect(agent?.runtime.running()).toMatchObject([{ restartCount: 1 }])
    await cluster.startControlPlane()
    await cluster.clock.advance(20_000)
    await web.settle(60_000)
    const pods = await web.pods()
    expect(pods.map(({ status }) => status?.containerStatuses?.[0]?.restartCount).sort()).toEqual([0, 0, 1])
  })

  it('leaves every container alone when an agent is killed and started again', async () => {
    const { cluster, web } = await webOf(4)
    const before = containerIds(cluster)
    const [agent] = cluster.agents
    agent?.crash()
    await cluster.clock.advance(500)
    agent?.start()
    await cluster.clock.advance(60_000)
    await web.settle(60_000)
    expect(containerIds(cluster)).toEqual(before)
  })

  it('sends nothing to a node that is switched off after 5 s, has its Pods elsewhere within 10 s, and clears it when it is back', async () => {
    const { cluster, web } = await webOf(6)
    const [off] = cluster.agents
    const lost = new Set(off?.runtime.running().map(({ pod }) => pod.uid))
    off?.powerCut()
    const isOffered = async () => (await web.offered()).flatMap(([, uids]) => uids).some((uid) => lost.has(uid))
    expect(await isOffered()).toBe(true)
    const cutMs = cluster.clock.now()
    await cluster.clock.until(async () => !(await isOffered()), 5_000, 100)
    const readyElsewhere = async () => (await web.pods()).filter((pod) => isReady(pod) && !lost.has(pod.metadata.uid))
    await cluster.clock.until(
      async () => (await readyElsewhere()).length === 6,
      cutMs + 10_000 - cluster.clock.now(),
      100,
    )
    expect(lost.size).toBe(2)
    await cluster.clock.advance(60_000)
    off?.start()
    await web.settle(120_000)
    expect(containerIds(cluster)).toHaveLength(6)
    expect([...(off?.runtime.sandboxes.values() ?? [])].filter(({ pod }) => lost.has(pod.uid))).toEqual([])
  })

  it('takes no node for lost whose connection died on its way, while another one works', async () => {
    const { cluster, web } = await webOf(6)
    const before = containerIds(cluster)
    for (const agent of cluster.agents) {
      agent.losePath()
      for (let i = 0; i < 30; i++) {
        await cluster.clock.advance(500)
        expect((await web.pods()).filter((pod) => !isReady(pod))).toEqual([])
      }
    }
    expect(containerIds(cluster)).toEqual(before)
  })

  it('does not bring back a bare Pod whose node is lost, and ends it when the node is back', async () => {
    const { cluster, web } = await webOf(1)
    await cluster.user.create(PODS, {
      metadata: { name: 'bare', namespace: 'default' },
      spec: { containers: [{ name: 'main', image: 'web:1' }], terminationGracePeriodSeconds: 1 },
    })
    const bare = () => cluster.user.get(PODS, { namespace: 'default', name: 'bare' })
    await cluster.clock.until(async () => isReady(await bare()))
    const { spec, metadata } = await bare()
    const host = cluster.agents.find(({ name }) => name === spec.nodeName)
    host?.cut(false)
    await cluster.clock.advance(60_000)
    expect((await bare()).metadata).toMatchObject({ uid: metadata.uid, deletionTimestamp: expect.any(String) })
    host?.heal()
    await cluster.clock.advance(60_000)
    await expect(bare()).rejects.toMatchObject({ reason: 'NotFound' })
    await web.settle(60_000)
  })

  it('takes nobody for lost who comes back to a control plane that was long away', async () => {
    const { cluster, web } = await webOf(6)
    const before = (await web.pods()).map(({ metadata }) => metadata.uid).sort()
    cluster.crashControlPlane()
    await cluster.clock.advance(5 * 60_000)
    await cluster.startControlPlane()
    for (let i = 0; i < 120; i++) {
      await cluster.clock.advance(500)
      expect((await web.pods()).filter((pod) => !isReady(pod))).toEqual([])
    }
    expect((await web.pods()).map(({ metadata }) => metadata.uid).sort()).toEqual(before)
  })

  it('shows a Pod as ready again whose node was only out of reach for a moment', async () => {
    const { cluster, web } = await webOf(3)
    const [agent] = cluster.agents
    agent?.cut(false)
    const notReady = async () => (await web.pods()).some((pod) => !isReady(pod))
    await cluster.clock.until(notReady, 10_000, 20)
    agent?.heal()
    await cluster.clock.advance(60_000)
    await web.settle(60_000)
  })

  it('ends a Pod that was deleted while its agent was away', async () => {
    const { cluster, web } = await webOf(3)
    const [agent] = cluster.agents
    const [gone] = agent?.runtime.running() ?? []
    agent?.crash()
    await web.delete(gone?.pod.name ?? '')
    await cluster.clock.advance(500)
    agent?.start()
    await web.settle(120_000)
    expect(containerIds(cluster)).not.toContain(gone?.id)
  })
})

describe('the watch over a cluster', () => {
  it('notices a second sandbox of one Pod', async () => {
    const cluster = await SimCluster.start({ seed: 1, nodes: 2 })
    const violations = new Violations(cluster.clock)
    const invariants = new PodInvariants(cluster, violations)
    const web = new WebDeployment(cluster)
    await web.create(1)
    await web.settle(60_000)
    const [container] = cluster.agents.flatMap(({ runtime }) => runtime.running())
    const spec = { hostname: 'web', hosts: [], ports: [], hostNetwork: false, volumes: [] }
    for (const { runtime } of cluster.agents) {
      void runtime.runSandbox({ ...spec, pod: container?.pod ?? { uid: '', namespace: '', name: '' } })
    }
    await cluster.clock.advance(300)
    await web.delete(container?.pod.name ?? '')
    await cluster.clock.advance(300)
    expect(violations.all.map(({ what }) => what).join()).toContain('two running sandboxes')
    invariants.stop()
    await cluster.close()
  })

  it('notices that too few Pods are available', async () => {
    const cluster = await SimCluster.start({ seed: 1, nodes: 2 })
    const violations = new Violations(cluster.clock)
    const invariants = new PodInvariants(cluster, violations)
    const web = new WebDeployment(cluster)
    await web.create(2)
    await web.settle(60_000)
    invariants.bounds = { minAvailable: 2, maxPods: 3 }
    await web.roll('web:2')
    await web.settle(60_000)
    expect(violations.all.map(({ what }) => what).join()).toContain('only 1 Pods available')
    invariants.stop()
    await cluster.close()
  })
})
