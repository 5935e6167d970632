import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SchedulingCycle } from '../../../../controlplane/scheduler/cycle.ts'
import { FITS, refuse, type ScorePlugin } from '../../../../controlplane/scheduler/framework.ts'
import { plugins } from '../../../../controlplane/scheduler/plugins/index.ts'
import { enoughFeasibleNodes } from '../../../../controlplane/scheduler/sampling.ts'
import { aCluster, aNode, infoOf } from '../../../support/scheduling-objects.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `n${String(i).padStart(4, '0')}`)
const chosen = (cycle: SchedulingCycle, shape = {}) => {
  const decision = cycle.decide(infoOf('a', shape))
  return decision.fits ? decision.node.name : decision.message
}

describe('refusals', () => {
  const cycle = (nodes: Parameters<typeof aCluster>[0]) =>
    new SchedulingCycle(plugins, aCluster(nodes), seededRandom(1))

  it('says when there are no nodes at all', () => {
    expect(chosen(cycle([]))).toBe('no nodes available to schedule pods')
  })

  it('counts the nodes of each reason, in the order of the text', () => {
    const unreachable = { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }] }
    const small = { allocatable: { cpu: '1', memory: '1Gi' } }
    const nodes = [
      aNode('n1', unreachable),
      aNode('n2', small),
      aNode('n3', small),
      aNode('n4', { unschedulable: true, ...small }),
    ]
    expect(chosen(cycle(nodes), { requests: { cpu: '2', memory: '2Gi' } })).toBe(
      '0/4 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, ' +
        '1 node(s) were unschedulable, 2 Insufficient cpu, 2 Insufficient memory.',
    )
  })

  it('says what no node could help', () => {
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]
    expect(chosen(cycle([aNode('n1'), aNode('n2')]), { volumes })).toBe(
      '0/2 nodes are available: persistentvolumeclaim "data" not found.',
    )
  })
})

describe('choice', () => {
  const scoring = (name: string, weight: number, scores: Record<string, number>): ScorePlugin => ({
    name,
    weight,
    scorer: () => ({ score: (node) => scores[node.name] ?? 0 }),
  })

  it('takes the highest sum of weighted scores', () => {
    const scorers = [scoring('A', 1, { n1: 100, n2: 0 }), scoring('B', 3, { n1: 0, n2: 40 })]
    const cycle = new SchedulingCycle({ filters: [], scorers }, aCluster([aNode('n1'), aNode('n2')]), seededRandom(1))
    expect(chosen(cycle)).toBe('n2')
  })

  it('leaves it to chance between equals, and only between them', () => {
    const scorers = [scoring('A', 1, { n1: 1, n2: 2, n3: 2, n4: 2 })]
    const cluster = aCluster(['n1', 'n2', 'n3', 'n4'].map((name) => aNode(name)))
    const cycle = new SchedulingCycle({ filters: [], scorers }, cluster, seededRandom(1))
    const counts: Record<string, number> = {}
    for (let i = 0; i < 300; i++) {
      const name = chosen(cycle)
      counts[name] = (counts[name] ?? 0) + 1
    }
    expect(Object.keys(counts).sort()).toEqual(['n2', 'n3', 'n4'])
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(60)
  })

  it('looks at enough nodes, and goes on where it stopped', () => {
    const names = numbered(500)
    const cluster = aCluster(names.map((name) => aNode(name)))
    const seen: string[] = []
    const filter = () => (node: { name: string }) => {
      seen.push(node.name)
      return node.name.endsWith('7') ? refuse('no') : FITS
    }
    const cycle = new SchedulingCycle(
      { filters: [{ name: 'F', filter, wokenBy: {} }], scorers: [] },
      cluster,
      seededRandom(1),
    )
    for (let i = 0; i < 3; i++) chosen(cycle)
    // 46 % of 500 feasible ones, and those refused on the way
    expect(seen.slice(0, 256)).toEqual(names.slice(0, 256))
    expect(seen.slice(256, 500)).toEqual(names.slice(256))
    expect(seen.slice(500, 512)).toEqual(names.slice(0, 12))
  })

  it.each([
    [3, 3],
    [99, 99],
    [100, 100],
    [500, 230],
    [1000, 420],
    [5000, 500],
    [6000, 300],
    [20_000, 1000],
  ])('finds of %i nodes at most %i', (nodes, enough) => {
    expect(enoughFeasibleNodes(nodes)).toBe(enough)
  })
})

it('never places a Pod where a filter refuses it, and finds a place while there is one', () => {
  const pods = fc.array(fc.record({ cpu: fc.integer({ min: 1, max: 5 }), port: fc.boolean(), zone: fc.boolean() }), {
    maxLength: 25,
  })
  fc.assert(
    fc.property(pods, fc.integer(), (wanted, seed) => {
      const nodes = ['a', 'a', 'b'].map((zone, i) =>
        aNode(`n${i}`, { labels: { zone }, allocatable: { cpu: '8', pods: '6' } }),
      )
      const cluster = aCluster(nodes)
      const cycle = new SchedulingCycle(plugins, cluster, seededRandom(seed))
      for (const [index, { cpu, port, zone }] of wanted.entries()) {
        const container = { name: 'c', image: 'i', resources: { requests: { cpu: `${cpu}` } } }
        const ports = port ? [{ containerPort: 1, hostPort: 80 }] : []
        const info = infoOf(`p${index}`, {
          containers: [{ ...container, ports }],
          ...(zone ? { nodeSelector: { zone: 'a' } } : {}),
        })
        const fits = cluster.nodes.filter(
          (node) =>
            node.requested.cpuMilli + cpu * 1000 <= 8000 &&
            node.pods.size < 6 &&
            (!zone || node.labels.zone === 'a') &&
            !(port && [...node.pods.values()].some(({ hostPorts }) => hostPorts.length > 0)),
        )
        const decision = cycle.decide(info)
        if (decision.fits) {
          expect(fits).toContain(decision.node)
          cluster.assume(info, decision.node)
        } else expect(fits).toEqual([])
      }
    }),
  )
})
