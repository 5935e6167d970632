import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeResourcesFit } from '../../../../../controlplane/scheduler/plugins/node-resources-fit.ts'
import {
  aCluster,
  aNode,
  aPod,
  askFilter,
  askScore,
  infoOf,
  nodeOf,
  type PodShape,
} from '../../../../support/scheduling-objects.ts'

const node = aNode('n1', {
  allocatable: { cpu: '2', memory: '4Gi', pods: '2', 'ephemeral-storage': '10Gi', 'example.com/gpu': '1' },
})

describe('resources fit', () => {
  const cases: [string, PodShape[], Record<string, string>, string][] = [
    ['room for all', [], { cpu: '2', memory: '4Gi', 'ephemeral-storage': '10Gi', 'example.com/gpu': '1' }, 'ok'],
    ['too little cpu', [{ requests: { cpu: '1' } }], { cpu: '1001m' }, 'Insufficient cpu'],
    ['just enough cpu', [{ requests: { cpu: '1' } }], { cpu: '1' }, 'ok'],
    ['too little of several', [], { cpu: '3', memory: '5Gi' }, 'Insufficient cpu, Insufficient memory'],
    ['too little storage', [], { 'ephemeral-storage': '11Gi' }, 'Insufficient ephemeral-storage'],
    [
      'an extended resource in use',
      [{ requests: { 'example.com/gpu': '1' } }],
      { 'example.com/gpu': '1' },
      'Insufficient example.com/gpu',
    ],
    ['an extended resource that the node lacks', [], { 'example.com/fpga': '1' }, 'Insufficient example.com/fpga'],
    ['too many Pods', [{}, {}], {}, 'Too many pods'],
    ['too many Pods and too little', [{}, {}], { cpu: '3' }, 'Too many pods, Insufficient cpu'],
    ['nothing asked of what is given away twice over', [{ requests: { cpu: '9' } }], { memory: '1' }, 'ok'],
  ]
  it.each(cases)('%s', (_, placed, requests, answer) => {
    const pods = placed.map((shape, index) => aPod(`p${index}`, { ...shape, nodeName: 'n1' }))
    expect(askFilter(nodeResourcesFit, aPod('a', { requests }), aCluster([node], pods))).toEqual({ n1: answer })
  })

  it('never gives away more than there is', () => {
    const amount = fc.integer({ min: 0, max: 900 })
    fc.assert(
      fc.property(fc.array(fc.tuple(amount, amount)), (wanted) => {
        const cluster = aCluster([node])
        const target = nodeOf(cluster, 'n1')
        for (const [index, [cpu, memory]] of wanted.entries()) {
          const shape = { requests: { cpu: `${cpu}m`, memory: `${memory * 4}Mi` } }
          const answer = askFilter(nodeResourcesFit, aPod(`p${index}`, shape), cluster)
          const before = { ...target.requested }
          if (answer.n1 === 'ok') cluster.assume(infoOf(`p${index}`, shape), target)
          else
            expect(
              before.cpuMilli + cpu > 2000 || before.memoryBytes + memory * 2 ** 22 > 2 ** 32 || target.pods.size === 2,
            ).toBe(true)
        }
        expect(target.requested.cpuMilli).toBeLessThanOrEqual(2000)
        expect(target.requested.memoryBytes).toBeLessThanOrEqual(2 ** 32)
        expect(target.pods.size).toBeLessThanOrEqual(2)
      }),
    )
  })

  it('prefers the emptier node', () => {
    const busy = aPod('busy', { nodeName: 'n2', requests: { cpu: '2', memory: '4Gi' } })
    const cluster = aCluster([aNode('n1'), aNode('n2')], [busy])
    // of 4 cores and 8 GiB: 75 % and 75 % stay free on n1, 25 % and 25 % on n2
    const pod = aPod('a', { requests: { cpu: '1', memory: '2Gi' } })
    expect(askScore(nodeResourcesFit, pod, cluster)).toEqual({ n1: 75, n2: 25 })
  })

  it('tells apart nodes by the number of Pods that request nothing', () => {
    const cluster = aCluster([aNode('n1'), aNode('n2')], [aPod('b', { nodeName: 'n2' })])
    const scores = askScore(nodeResourcesFit, aPod('a'), cluster)
    expect(scores?.n1).toBeGreaterThan(scores?.n2 ?? Number.NaN)
  })
})
