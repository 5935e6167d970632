import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cluster } from '../../../../controlplane/scheduler/cluster.ts'
import type { ClusterChange } from '../../../../controlplane/scheduler/cluster-change.ts'
import { SchedulingCycle } from '../../../../controlplane/scheduler/cycle.ts'
import type { FilterPlugin } from '../../../../controlplane/scheduler/framework.ts'
import { plugins } from '../../../../controlplane/scheduler/plugins/index.ts'
import type { PodInfo } from '../../../../controlplane/scheduler/pod-info.ts'
import { PreemptionSearch } from '../../../../controlplane/scheduler/preemption/preemption-search.ts'
import { Waker } from '../../../../controlplane/scheduler/waker.ts'
import { aCluster, aNode, aPod, infoOf, type NodeShape, type PodShape } from '../../../support/scheduling-objects.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

/** A refused Pod, and whether what `act` does to the cluster wakes it. */
function isWoken(nodes: NodeShape[], placed: PodShape[], waiting: PodShape, act: (cluster: Cluster) => void): boolean {
  const changes: ClusterChange[] = []
  const cluster = aCluster(
    nodes.map((shape, i) => aNode(`n${i}`, shape)),
    placed.map((shape, i) => aPod(`p${i}`, { nodeName: 'n0', ...shape })),
    (change) => changes.push(change),
  )
  const info = infoOf('waiting', waiting)
  const decision = new SchedulingCycle(plugins, cluster, seededRandom(1)).decide(info)
  if (decision.fits) throw new Error('it fits already')
  const waker = new Waker(plugins.filters, cluster)
  changes.length = 0
  act(cluster)
  return changes.some((change) => waker.isAwaited(change) && waker.canHelp(change, info, decision.refusedBy))
}

const ZONE = 'topology.kubernetes.io/zone'

describe('a refused Pod', () => {
  const cpu = (amount: string) => ({ requests: { cpu: amount } })
  const full = { allocatable: { cpu: '2' } }
  const antiIn = (topologyKey: string) => ({
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: { matchLabels: { app: 'web' } } }],
    },
  })
  const anti = antiIn('kubernetes.io/hostname')
  const cases: [string, NodeShape[], PodShape[], PodShape, (cluster: Cluster) => void, boolean][] = [
    ['of no nodes, by a node', [], [], {}, (c) => c.setNode(aNode('n9')), true],
    ['for cpu, by a Pod that frees enough', [full], [cpu('2')], cpu('1'), (c) => c.removePod('uid-p0'), true],
    [
      'for cpu, not by one that frees too little',
      [full],
      [cpu('1'), cpu('1')],
      cpu('2'),
      (c) => c.removePod('uid-p0'),
      false,
    ],
    [
      'for cpu, by a Pod that frees enough together with one of lower priority',
      [full],
      [cpu('1'), { ...cpu('1'), priority: -1 }],
      cpu('2'),
      (c) => c.removePod('uid-p0'),
      true,
    ],
    ['for cpu, by a node that is large enough', [full], [], cpu('3'), (c) => c.setNode(aNode('n9')), true],
    ['for cpu, not by a small node', [full], [], cpu('3'), (c) => c.setNode(aNode('n9', full)), false],
    [
      'for cpu, not by a label',
      [full],
      [],
      cpu('3'),
      (c) => c.setNode(aNode('n0', { ...full, labels: { a: 'b' } })),
      false,
    ],
    [
      'for a taint, by its removal',
      [{ taints: [{ key: 'k', effect: 'NoSchedule' }] }],
      [],
      {},
      (c) => c.setNode(aNode('n0')),
      true,
    ],
    ['for a cordon, by uncordon', [{ unschedulable: true }], [], {}, (c) => c.setNode(aNode('n0')), true],
    ['for a cordon, not by a Pod that goes', [{ unschedulable: true }], [{}], {}, (c) => c.removePod('uid-p0'), false],
    [
      'for affinity, by a Pod that it likes',
      [{}],
      [],
      { affinity: { podAffinity: anti.podAntiAffinity } },
      (c) => c.setPod(aPod('new', { nodeName: 'n0', labels: { app: 'web' } })),
      true,
    ],
    [
      'for affinity, not by any other Pod',
      [{}],
      [],
      { affinity: { podAffinity: anti.podAntiAffinity } },
      (c) => c.setPod(aPod('new', { nodeName: 'n0' })),
      false,
    ],
    [
      'for anti-affinity, when the other goes',
      [{}],
      [{ labels: { app: 'web' } }],
      { affinity: anti },
      (c) => c.removePod('uid-p0'),
      true,
    ],
    [
      'for anti-affinity in a zone, when the node of the other goes',
      [{ unschedulable: true, labels: { [ZONE]: 'x' } }, { labels: { [ZONE]: 'x' } }],
      [{ labels: { app: 'web' } }],
      { affinity: antiIn(ZONE) },
      (c) => c.removeNode('n0'),
      true,
    ],
    [
      "for another's anti-affinity, when it goes",
      [{}],
      [{ affinity: anti }],
      { labels: { app: 'web' } },
      (c) => c.removePod('uid-p0'),
      true,
    ],
    [
      'for affinity to its own kind, when the last of it goes',
      [{ unschedulable: true }, {}],
      [{ labels: { app: 'web' } }],
      { labels: { app: 'web' }, affinity: { podAffinity: anti.podAntiAffinity } },
      (c) => c.removePod('uid-p0'),
      true,
    ],
    [
      'for spreading, when the place that it should have filled goes',
      [{ labels: { [ZONE]: 'a' } }, { labels: { [ZONE]: 'b' }, unschedulable: true }],
      [{ labels: { app: 'web' } }],
      {
        labels: { app: 'web' },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: ZONE,
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: { app: 'web' } },
          },
        ],
      },
      (c) => c.removeNode('n1'),
      true,
    ],
    [
      'for a claim, by nothing',
      [{}],
      [],
      { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] },
      (c) => c.setNode(aNode('n9')),
      false,
    ],
  ]
  it.each(cases)('%s', (_, nodes, placed, waiting, act, woken) => {
    expect(isWoken(nodes, placed, waiting, act)).toBe(woken)
  })
})

const term = (app: string) => [{ topologyKey: ZONE, labelSelector: { matchLabels: { app } } }]
const required = (app: string) => ({ requiredDuringSchedulingIgnoredDuringExecution: term(app) })
const spread = {
  maxSkew: 1,
  topologyKey: ZONE,
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: { app: 'a' } },
}

const podShape: fc.Arbitrary<PodShape> = fc
  .record({
    app: fc.constantFrom('a', 'b'),
    cpu: fc.integer({ min: 0, max: 4 }),
    wish: fc.constantFrom<PodShape>(
      {},
      { nodeSelector: { disk: 'ssd' } },
      { tolerations: [{ operator: 'Exists' }] },
      { affinity: { podAffinity: required('a') } },
      { affinity: { podAntiAffinity: required('b') } },
      { topologySpreadConstraints: [spread] },
    ),
    isTerminating: fc.boolean(),
    priority: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ app, cpu, wish, isTerminating, priority }) => ({
    labels: { app },
    requests: { cpu: `${cpu}` },
    isTerminating,
    priority,
    ...wish,
  }))

const nodeShape: fc.Arbitrary<NodeShape> = fc
  .record({
    zone: fc.constantFrom('x', 'y', undefined),
    disk: fc.constantFrom('ssd', 'hdd'),
    tainted: fc.boolean(),
    unschedulable: fc.boolean(),
    cpu: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ zone, disk, tainted, unschedulable, cpu }) => ({
    labels: { disk, ...(zone ? { [ZONE]: zone } : {}) },
    ...(tainted ? { taints: [{ key: 'k', effect: 'NoSchedule' }] } : {}),
    ...(unschedulable ? { unschedulable } : {}),
    allocatable: { cpu: `${cpu}`, pods: '3' },
  }))

const index = fc.integer({ min: 0, max: 3 })
const step = fc.oneof(
  fc.tuple(fc.constant('setNode' as const), index, nodeShape),
  fc.tuple(fc.constant('removeNode' as const), index, fc.constant({})),
  fc.tuple(fc.constant('setPod' as const), index, fc.tuple(podShape, index)),
  fc.tuple(fc.constant('removePod' as const), index, fc.constant({})),
)

it('never sleeps on while a node would take it, or would have room if others went', () => {
  fc.assert(
    fc.property(
      fc.array(podShape, { minLength: 1, maxLength: 4 }),
      fc.array(step, { maxLength: 30 }),
      (waiting, steps) => {
        const sleeping = new Map<PodInfo, ReadonlySet<FilterPlugin>>()
        const awake = new Set(waiting.map((shape, i) => infoOf(`w${i}`, shape)))
        const cluster = aCluster([], [], (change) => {
          for (const [pod, refusedBy] of sleeping)
            if (waker.isAwaited(change) && waker.canHelp(change, pod, refusedBy)) awake.add(pod)
        })
        const waker = new Waker(plugins.filters, cluster)
        const cycle = new SchedulingCycle(plugins, cluster, seededRandom(1))
        const preemption = new PreemptionSearch(plugins.filters, cluster, seededRandom(1))
        /** Undefined for a Pod that gets a node, at once or after others. */
        const refusalOf = (pod: PodInfo): ReadonlySet<FilterPlugin> | undefined => {
          const decision = cycle.decide(pod)
          if (decision.fits) return undefined
          const found = preemption.search(pod, decision)
          return found.type === 'futile' ? new Set([...decision.refusedBy, ...found.refusedBy]) : undefined
        }
        for (const [action, i, shape] of steps) {
          for (const pod of awake) {
            const refusedBy = refusalOf(pod)
            if (refusedBy) sleeping.set(pod, refusedBy)
            else sleeping.delete(pod)
          }
          awake.clear()
          if (action === 'setNode') cluster.setNode(aNode(`n${i}`, shape))
          if (action === 'removeNode') cluster.removeNode(`n${i}`)
          if (action === 'setPod') cluster.setPod(aPod(`p${i}`, { ...shape[0], nodeName: `n${shape[1]}` }))
          if (action === 'removePod') cluster.removePod(`uid-p${i}`)
          for (const pod of sleeping.keys()) if (!awake.has(pod)) expect(refusalOf(pod)).toBeDefined()
        }
      },
    ),
    { numRuns: 300 },
  )
})
