import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Cluster } from '../../../../controlplane/scheduler/cluster.ts'
import type { ClusterChange } from '../../../../controlplane/scheduler/cluster-change.ts'
import { countOn } from '../../../../controlplane/scheduler/pod-class.ts'
import { podInfoOf } from '../../../../controlplane/scheduler/pod-info.ts'
import { aCluster, aNode, aPod, infoOf, nodeOf } from '../../../support/scheduling-objects.ts'

const described = (change: ClusterChange): string => {
  if (change.type === 'storageChanged') return change.type
  if (change.type === 'namespaceRelabelled') return `${change.type} ${change.namespace}`
  return `${change.type} ${'pod' in change ? `${change.pod.pod.metadata.name} ` : ''}${change.node.name}`
}

function watched(...names: string[]) {
  const changes: string[] = []
  const cluster = aCluster(
    names.map((name) => aNode(name)),
    [],
    (change) => changes.push(described(change)),
  )
  changes.length = 0
  return { cluster, changes }
}

describe('cluster', () => {
  it('counts an assumed Pod at once, and not again when the API shows it', () => {
    const { cluster, changes } = watched('n1')
    const node = nodeOf(cluster, 'n1')
    cluster.assume(infoOf('a', { requests: { cpu: '1' } }), node)
    expect(node.requested.cpuMilli).toBe(1000)
    cluster.setPod(aPod('a', { requests: { cpu: '1' }, nodeName: 'n1' }))
    expect([node.requested.cpuMilli, node.pods.size]).toEqual([1000, 1])
    expect(changes).toEqual(['podPlaced a n1'])
  })

  it('takes an assumption back, but not what the API has confirmed', () => {
    const { cluster, changes } = watched('n1')
    const node = nodeOf(cluster, 'n1')
    cluster.assume(infoOf('a'), node)
    cluster.forget('uid-a')
    expect(node.pods.size).toBe(0)
    cluster.assume(infoOf('b'), node)
    cluster.setPod(aPod('b', { nodeName: 'n1' }))
    cluster.forget('uid-b')
    expect(node.pods.size).toBe(1)
    expect(changes).toEqual(['podPlaced a n1', 'podRemoved a n1', 'podPlaced b n1'])
  })

  it('believes the API where it shows an assumed Pod on another node', () => {
    const { cluster } = watched('n1', 'n2')
    cluster.assume(infoOf('a'), nodeOf(cluster, 'n1'))
    cluster.setPod(aPod('a', { nodeName: 'n2' }))
    expect([nodeOf(cluster, 'n1').pods.size, nodeOf(cluster, 'n2').pods.size]).toEqual([0, 1])
  })

  it('remembers the Pods of a node that is not there yet, or not any more', () => {
    const { cluster } = watched('n1')
    cluster.setPod(aPod('a', { nodeName: 'n2', requests: { cpu: '1' } }))
    expect(cluster.nodes.map(({ name }) => name)).toEqual(['n1'])
    cluster.setNode(aNode('n2'))
    expect(nodeOf(cluster, 'n2').requested.cpuMilli).toBe(1000)
    cluster.removeNode('n2')
    expect(cluster.nodes.map(({ name }) => name)).toEqual(['n1'])
    cluster.setNode(aNode('n2'))
    expect(nodeOf(cluster, 'n2').requested.cpuMilli).toBe(1000)
  })

  it('tells of a Node only what matters to Pods', () => {
    const { cluster, changes } = watched('n1')
    const node = aNode('n1')
    cluster.setNode({ ...node, status: { ...node.status, conditions: [{ type: 'Ready', status: 'True' }] } })
    expect(changes).toEqual([])
    cluster.setNode(aNode('n1', { unschedulable: true }))
    cluster.setNode(aNode('n1', { taints: [{ key: 'k', effect: 'NoSchedule' }] }))
    cluster.setNode(aNode('n1', { labels: { disk: 'ssd' } }))
    cluster.setNode(aNode('n1', { allocatable: { cpu: '8' } }))
    expect(changes).toEqual(Array(4).fill('nodeUpdated n1'))
  })

  it('tells of a Pod that is being deleted that it no longer counts for spreading, while it still holds its place', () => {
    const { cluster, changes } = watched('n1')
    const pod = aPod('a', { nodeName: 'n1', labels: { app: 'web' } })
    cluster.setPod(pod)
    cluster.setPod(aPod('a', { nodeName: 'n1', labels: { app: 'web' }, isTerminating: true }))
    expect(changes).toEqual(['podPlaced a n1', 'podRemoved a n1', 'podPlaced a n1'])
    expect(nodeOf(cluster, 'n1').pods.size).toBe(1)
    expect([...cluster.classes.all()].map(({ terminating }) => terminating)).toEqual([true])
  })

  it('counts the nodes that hold an image', () => {
    const images = [{ names: ['web:1', 'web@sha256:1'], sizeBytes: 100 }]
    const cluster = aCluster([aNode('n1', { images }), aNode('n2', { images }), aNode('n3')])
    expect([cluster.nodesWithImage('web:1'), cluster.nodesWithImage('db:1')]).toEqual([2, 0])
    cluster.setNode(aNode('n1'))
    cluster.removeNode('n2')
    expect(cluster.nodesWithImage('web:1')).toBe(0)
  })

  it('puts the nodes of all zones in turn', () => {
    const zone = (name: string) => ({ labels: { 'topology.kubernetes.io/zone': name } })
    const cluster = aCluster([
      aNode('a1', zone('a')),
      aNode('a2', zone('a')),
      aNode('a3', zone('a')),
      aNode('b1', zone('b')),
    ])
    expect(cluster.nodes.map(({ name }) => name)).toEqual(['a1', 'b1', 'a2', 'a3'])
  })

  it('has the same sums after any history as a fresh one would have', () => {
    const names = ['n1', 'n2', 'n3']
    const step = fc.record({
      do: fc.constantFrom('set', 'assume', 'forget', 'remove', 'dropNode', 'setNode'),
      pod: fc.integer({ min: 0, max: 5 }),
      node: fc.constantFrom(...names),
      cpu: fc.integer({ min: 0, max: 3 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cluster = aCluster(names.map((name) => aNode(name)))
        for (const { do: action, pod, node, cpu } of steps) {
          const ports = pod < 3 ? [] : [{ containerPort: 1, hostPort: 77 + pod }]
          const shape = {
            nodeName: node,
            labels: { app: `app-${pod % 2}` },
            containers: [{ name: 'main', image: 'web:1', ports, resources: { requests: { cpu: `${cpu}` } } }],
          }
          const target = cluster.nodes.find(({ name }) => name === node)
          if (action === 'set') cluster.setPod(aPod(`p${pod}`, shape))
          if (action === 'assume' && target && !cluster.holds(`uid-p${pod}`)) {
            cluster.assume(infoOf(`p${pod}`, shape), target)
          }
          if (action === 'forget') cluster.forget(`uid-p${pod}`)
          if (action === 'remove') cluster.removePod(`uid-p${pod}`)
          if (action === 'dropNode') cluster.removeNode(node)
          if (action === 'setNode') cluster.setNode(aNode(node))
        }
        for (const name of names) cluster.setNode(aNode(name))
        expectSums(cluster)
      }),
    )
  })
})

function expectSums(cluster: Cluster): void {
  const fresh = new Cluster(() => {})
  for (const { node } of cluster.nodes) if (node) fresh.setNode(node)
  for (const node of cluster.nodes)
    for (const { pod } of node.pods.values()) fresh.assume(podInfoOf(pod), nodeOf(fresh, node.name))
  for (const node of cluster.nodes) {
    const expected = nodeOf(fresh, node.name)
    expect(node.requested).toEqual(expected.requested)
    expect(node.requestedForScoring).toEqual(expected.requestedForScoring)
    for (const port of [80, 81, 82]) {
      const wanted = { protocol: 'TCP', ip: '0.0.0.0', port }
      expect(node.usedPorts.conflictsWith(wanted)).toBe(expected.usedPorts.conflictsWith(wanted))
    }
    for (const app of ['app-0', 'app-1']) {
      const count = (of: Cluster, on: typeof node) =>
        countOn(on, of.classes.matching('default', [{ key: 'app', operator: 'In', values: [app] }]))
      expect(count(cluster, node)).toBe(count(fresh, expected))
    }
  }
}
