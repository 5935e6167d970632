import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cluster } from '../../../../../controlplane/scheduler/cluster.ts'
import { SchedulingCycle } from '../../../../../controlplane/scheduler/cycle.ts'
import { plugins } from '../../../../../controlplane/scheduler/plugins/index.ts'
import { PreemptionSearch } from '../../../../../controlplane/scheduler/preemption/preemption-search.ts'
import { aCluster, aNode, aPod, infoOf, type NodeShape, type PodShape } from '../../../../support/scheduling-objects.ts'
import { seededRandom } from '../../../../support/seeded-random.ts'

const cpu = (amount: number, priority = 0, more: PodShape = {}): PodShape => {
  return { requests: { cpu: `${amount}` }, priority, ...more }
}
const HOSTNAME = 'kubernetes.io/hostname'
const web = { labels: { app: 'web' } }
const terms = [{ topologyKey: HOSTNAME, labelSelector: { matchLabels: web.labels } }]
const awayFromWeb = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } }
const spread = [
  { maxSkew: 1, topologyKey: HOSTNAME, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: web.labels } },
]

/** Nodes of 4 cores by name, with their Pods; a Pod's name is its node's, with its place. */
function clusterOf(nodes: Record<string, PodShape[]>, shapes: Record<string, NodeShape> = {}): Cluster {
  const pods = Object.entries(nodes).flatMap(([nodeName, placed]) =>
    placed.map((shape, i) => aPod(`${nodeName}-${i}`, { nodeName, ...shape })),
  )
  return aCluster(
    Object.keys(nodes).map((name) => aNode(name, shapes[name])),
    pods,
  )
}

function searched(cluster: Cluster, pod = infoOf('high', cpu(2, 10))) {
  const refused = new SchedulingCycle(plugins, cluster, seededRandom(1)).decide(pod)
  if (refused.fits) throw new Error('it fits already')
  return new PreemptionSearch(plugins.filters, cluster, seededRandom(1)).search(pod, refused)
}

/** `n1: n1-0 n1-2`, or why not. */
function found(cluster: Cluster, pod?: ReturnType<typeof infoOf>): string {
  const preemption = searched(cluster, pod)
  if (preemption.type !== 'found') return preemption.message
  const { node, victims } = preemption.candidate
  return [`${node.name}:`, ...victims.map((victim) => victim.pod.metadata.name)].join(' ')
}

describe('room for a Pod of high priority', () => {
  it('is made by no more Pods than need to go, the least important ones', () => {
    const early = { startTime: '2030-01-01T00:00:00Z' }
    const late = { startTime: '2030-01-01T00:00:01Z' }
    expect(found(clusterOf({ n1: [cpu(1, 3), cpu(1, 1, late), cpu(1, 1, early), cpu(1, 2)] }))).toBe('n1: n1-2 n1-1')
    expect(found(clusterOf({ n1: [cpu(1, 1, early), cpu(2, 1, late), cpu(1, 1, early)] }))).toBe('n1: n1-1')
  })

  it('is made where it costs least', () => {
    expect(found(clusterOf({ n1: [cpu(4, 2)], n2: [cpu(4, 1)], n3: [cpu(2, 0), cpu(2, 11)] }))).toBe('n3: n3-0')
  })

  it.each<[string, PodShape, PodShape]>([
    ['a port of the node', { priority: 1, ...ports() }, { priority: 2, ...ports() }],
    ['a place away from others', { priority: 1, ...web }, { priority: 2, ...awayFromWeb }],
    ['a place that others want to have alone', { priority: 1, ...awayFromWeb }, { priority: 2, ...web }],
  ])('may be %s', (_, placed, pod) => {
    expect(found(clusterOf({ n1: [placed] }), infoOf('high', pod))).toBe('n1: n1-0')
  })

  it('may be a place in a spread', () => {
    const nodes = { n1: [web, web], n2: [web, cpu(1)], n3: [cpu(4, 5)] }
    const pod = infoOf('high', cpu(1, 2, { ...web, topologySpreadConstraints: spread }))
    expect(found(clusterOf(nodes), pod)).toBe('n2: n2-0')
  })

  it('is not looked for where no Pod that goes would help', () => {
    const nodes = { n1: [cpu(1)], n2: [cpu(4)], n3: [cpu(4, 10)], n4: [cpu(1), cpu(3, 10)] }
    const shapes = { n1: { allocatable: { cpu: '1' } }, n2: { unschedulable: true } }
    expect(found(clusterOf(nodes, shapes))).toBe(
      '0/4 nodes are available: 1 Insufficient cpu, 1 No preemption victims found for incoming pod, ' +
        '2 Preemption is not helpful for scheduling.',
    )
  })

  it('is not made by Pods of the same priority', () => {
    expect(found(clusterOf({ n1: [cpu(4, 10)], n2: [cpu(4, 10)] }))).toBe(
      '0/2 nodes are available: 2 No preemption victims found for incoming pod.',
    )
  })

  it('is not made for a Pod that never takes the place of others', () => {
    const polite = infoOf('polite', cpu(2, 10, { preemptionPolicy: 'Never' }))
    expect(found(clusterOf({ n1: [cpu(4)] }), polite)).toBe('not eligible due to preemptionPolicy=Never.')
  })
})

describe('a nominated Pod', () => {
  const nominate = (cluster: Cluster, name: string, shape: PodShape) => {
    const pod = infoOf(name, { nominatedNodeName: 'n1', ...shape })
    cluster.nominations.follow(undefined, pod)
    return pod
  }
  const decide = (cluster: Cluster, pod: ReturnType<typeof infoOf>) => {
    const decision = new SchedulingCycle(plugins, cluster, seededRandom(1)).decide(pod)
    return decision.fits ? decision.node.name : decision.message
  }

  it('keeps its room from all but those of higher priority, and from itself', () => {
    const cluster = clusterOf({ n1: [cpu(1)] })
    const pod = nominate(cluster, 'first', cpu(3, 10))
    expect(decide(cluster, infoOf('second', cpu(1, 10)))).toBe('0/1 nodes are available: 1 Insufficient cpu.')
    expect(decide(cluster, infoOf('third', cpu(1, 11)))).toBe('n1')
    expect(decide(cluster, pod)).toBe('n1')
    cluster.nominations.delete(pod.uid)
    expect(decide(cluster, infoOf('second', cpu(1, 10)))).toBe('n1')
  })

  it('goes where it was to have room, though others are better', () => {
    const cluster = clusterOf({ n1: [cpu(1)], n2: [] })
    expect(decide(cluster, nominate(cluster, 'first', cpu(1, 10)))).toBe('n1')
  })

  it('waits for those who make room, and then looks anew', () => {
    const cluster = clusterOf({ n1: [cpu(4)], n2: [cpu(4)] })
    const pod = nominate(cluster, 'first', cpu(3, 10))
    cluster.evicted.add('uid-n1-0')
    const waits = 'not eligible due to a terminating pod on the nominated node.'
    expect(found(cluster, pod)).toBe(waits)
    const ending = aPod('n1-0', cpu(4, 0, { nodeName: 'n1', isTerminating: true }))
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }
    cluster.setPod({ ...ending, status: { conditions: [condition] } })
    expect(found(cluster, pod)).toBe(waits)
    cluster.removePod('uid-n1-0')
    cluster.setPod(aPod('greedy', cpu(4, 20, { nodeName: 'n1' })))
    expect(found(cluster, pod)).toBe('n2: n2-0')
  })
})

it('takes lower Pods only, each of which has to go, and leaves the books as they were', () => {
  const placed = fc.record({
    node: fc.constantFrom('n1', 'n2', 'n3'),
    cpu: fc.integer({ min: 0, max: 3 }),
    priority: fc.integer({ min: 0, max: 4 }),
    app: fc.constantFrom('web', 'db'),
  })
  const waiting = fc.record({
    cpu: fc.integer({ min: 1, max: 4 }),
    alone: fc.boolean(),
    priority: fc.integer({ max: 4 }),
  })
  fc.assert(
    fc.property(fc.array(placed, { maxLength: 20 }), waiting, (pods, wish) => {
      const cluster = aCluster(
        ['n1', 'n2', 'n3'].map((name) => aNode(name)),
        pods.map((pod, i) =>
          aPod(`p${i}`, cpu(pod.cpu, pod.priority, { nodeName: pod.node, labels: { app: pod.app } })),
        ),
      )
      const pod = infoOf('waiting', cpu(wish.cpu, wish.priority, wish.alone ? awayFromWeb : {}))
      const cycle = new SchedulingCycle(plugins, cluster, seededRandom(1))
      const refused = cycle.decide(pod)
      if (refused.fits) return
      const before = booksOf(cluster)
      const preemption = new PreemptionSearch(plugins.filters, cluster, seededRandom(1)).search(pod, refused)
      expect(booksOf(cluster)).toEqual(before)
      if (preemption.type !== 'found') return
      const { node, victims } = preemption.candidate
      for (const victim of victims) expect(victim.priority).toBeLessThan(pod.priority)
      for (const victim of victims) cluster.take(victim, node)
      expect(cycle.decide(pod)).toMatchObject({ fits: true, node: { name: node.name } })
      for (const victim of victims) {
        cluster.put(victim, node)
        expect(cycle.decide(pod).fits).toBe(false)
        cluster.take(victim, node)
      }
    }),
  )
})

function booksOf(cluster: Cluster) {
  const nodes = cluster.nodes.map(({ name, pods, requested }) => [name, [...pods.keys()].sort(), { ...requested }])
  const classes = [...cluster.classes.all()].map(({ labels, countByNode }) =>
    JSON.stringify([labels, [...countByNode].map(([node, count]) => [node.name, count]).sort()]),
  )
  return { nodes, classes: classes.sort() }
}

function ports(): PodShape {
  return { containers: [{ name: 'main', image: 'web:1', ports: [{ containerPort: 80, hostPort: 80 }] }] }
}
