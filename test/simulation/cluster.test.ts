import { afterEach, describe, expect, it } from 'vitest'
import { SimCluster } from '../support/sim-cluster.ts'
import { Invariants } from './invariants.ts'
import { runScenario } from './scenario.ts'
import { WebDeployment } from './web-deployment.ts'

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

describe('a cluster in which everything fails in turn', () => {
  it.each(SEEDS)('keeps its promises and ends as asked: seed %i', async (seed) => {
    const { violations } = await runScenario(seed)
    expect(violations).toEqual([])
  })

  it('does the same again from the same seed', async () => {
    const [first, second, other] = [await runScenario(1), await runScenario(1), await runScenario(2)]
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
    const invariants = new Invariants(cluster)
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
    expect(invariants.violations.join()).toContain('two running sandboxes')
    invariants.stop()
    await cluster.close()
  })

  it('notices that too few Pods are available', async () => {
    const cluster = await SimCluster.start({ seed: 1, nodes: 2 })
    const invariants = new Invariants(cluster)
    const web = new WebDeployment(cluster)
    await web.create(2)
    await web.settle(60_000)
    invariants.bounds = { minAvailable: 2, maxPods: 3 }
    await web.roll('web:2')
    await web.settle(60_000)
    expect(invariants.violations.join()).toContain('only 1 Pods available')
    invariants.stop()
    await cluster.close()
  })
})
