import { describe, expect, it } from 'vitest'
import { podTopologySpread } from '../../../../../controlplane/scheduler/plugins/pod-topology-spread.ts'
import type { TopologySpreadConstraint } from '../../../../../shared/api/generated/core-v1.ts'
import { aCluster, aNode, aPod, askFilter, askScore, type PodShape } from '../../../../support/scheduling-objects.ts'

const ZONE = 'topology.kubernetes.io/zone'
const HOST = 'kubernetes.io/hostname'
const zone = (name: string) => ({ labels: { [ZONE]: name } })
const nodes = [aNode('n1', zone('a')), aNode('n2', zone('a')), aNode('n3', zone('b'))]
const SKEWED = "node(s) didn't match pod topology spread constraints"

const constraint = (more: Partial<TopologySpreadConstraint> = {}): TopologySpreadConstraint => ({
  maxSkew: 1,
  topologyKey: ZONE,
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: { app: 'web' } },
  ...more,
})
const web = (name: string, nodeName: string | undefined, more: PodShape = {}) =>
  aPod(name, { labels: { app: 'web' }, ...(nodeName ? { nodeName } : {}), ...more })
const spread = (more: Partial<TopologySpreadConstraint> = {}) =>
  web('new', undefined, { topologySpreadConstraints: [constraint(more)] })

describe('DoNotSchedule', () => {
  it('keeps the difference within maxSkew', () => {
    const cluster = aCluster(nodes, [web('a', 'n1')])
    expect(askFilter(podTopologySpread, spread(), cluster)).toEqual({ n1: SKEWED, n2: SKEWED, n3: 'ok' })
    expect(askFilter(podTopologySpread, spread({ maxSkew: 2 }), cluster)).toEqual({ n1: 'ok', n2: 'ok', n3: 'ok' })
  })

  it('counts over hosts too', () => {
    const cluster = aCluster(nodes, [web('a', 'n1'), web('b', 'n3')])
    expect(askFilter(podTopologySpread, spread({ topologyKey: HOST }), cluster)).toEqual({
      n1: SKEWED,
      n2: 'ok',
      n3: SKEWED,
    })
  })

  it('refuses nodes without the label, and does not count them', () => {
    const cluster = aCluster([...nodes, aNode('n4')], [web('a', 'n1'), web('b', 'n3')])
    expect(askFilter(podTopologySpread, spread(), cluster)).toMatchObject({
      n1: 'ok',
      n4: `${SKEWED} (missing required label)`,
    })
  })

  it('counts only Pods of its namespace that match and are not being deleted', () => {
    const others = [
      web('other', 'n1', { namespace: 'prod' }),
      web('db', 'n1', { labels: { app: 'db' } }),
      web('leaving', 'n1', { isTerminating: true }),
    ]
    expect(askFilter(podTopologySpread, spread(), aCluster(nodes, others))).toMatchObject({ n1: 'ok' })
  })

  it('takes the least for 0 while there are fewer places than minDomains', () => {
    const cluster = aCluster(nodes, [web('a', 'n1'), web('b', 'n3')])
    expect(askFilter(podTopologySpread, spread({ minDomains: 3 }), cluster)).toMatchObject({ n1: SKEWED, n3: SKEWED })
    expect(askFilter(podTopologySpread, spread({ minDomains: 2 }), cluster)).toMatchObject({ n1: 'ok', n3: 'ok' })
  })

  it('leaves out nodes that the Pod cannot go to, unless told not to', () => {
    const cluster = aCluster(nodes, [web('a', 'n1')])
    const onlyA = { nodeSelector: { [ZONE]: 'a' } }
    const pod = (more: Partial<TopologySpreadConstraint>) =>
      web('new', undefined, { ...onlyA, topologySpreadConstraints: [constraint(more)] })
    expect(askFilter(podTopologySpread, pod({}), cluster)).toMatchObject({ n1: 'ok', n2: 'ok' })
    expect(askFilter(podTopologySpread, pod({ nodeAffinityPolicy: 'Ignore' }), cluster)).toMatchObject({ n1: SKEWED })
  })

  it('leaves out tainted nodes only when told to', () => {
    const tainted = aNode('n3', { ...zone('b'), taints: [{ key: 'k', effect: 'NoSchedule' }] })
    const cluster = aCluster([...nodes.slice(0, 2), tainted], [web('a', 'n1')])
    expect(askFilter(podTopologySpread, spread(), cluster)).toMatchObject({ n1: SKEWED })
    expect(askFilter(podTopologySpread, spread({ nodeTaintsPolicy: 'Honor' }), cluster)).toMatchObject({ n1: 'ok' })
  })

  it('tells revisions apart with matchLabelKeys', () => {
    const old = web('old', 'n1', { labels: { app: 'web', revision: '1' } })
    const pod = web('new', undefined, {
      labels: { app: 'web', revision: '2' },
      topologySpreadConstraints: [constraint({ matchLabelKeys: ['revision'] })],
    })
    expect(askFilter(podTopologySpread, pod, aCluster(nodes, [old]))).toMatchObject({ n1: 'ok' })
  })
})

describe('ScheduleAnyway', () => {
  it('prefers the emptier place, and gives a node without the label nothing', () => {
    const cluster = aCluster([...nodes, aNode('n4')], [web('a', 'n1'), web('b', 'n1'), web('c', 'n3')])
    const pod = spread({ whenUnsatisfiable: 'ScheduleAnyway' })
    expect(askScore(podTopologySpread, pod, cluster)).toEqual({ n1: 33, n2: 33, n3: 100, n4: 0 })
    expect(askFilter(podTopologySpread, pod, cluster)).toEqual({ n1: 'ok', n2: 'ok', n3: 'ok', n4: 'ok' })
  })
})

describe('by default', () => {
  const owned = (name: string, nodeName?: string) => web(name, nodeName, { owner: 'rs-1' })

  it("spreads a controller's Pods over nodes", () => {
    const plain = [aNode('n1'), aNode('n2')]
    const scores = askScore(podTopologySpread, owned('new'), aCluster(plain, [owned('a', 'n1'), owned('b', 'n1')]))
    expect(scores?.n2).toBe(100)
    expect(scores?.n1).toBeLessThan(100)
  })

  it('spreads them over zones where nodes have one', () => {
    const cluster = aCluster(nodes, [owned('a', 'n1'), owned('b', 'n1')])
    const scores = askScore(podTopologySpread, owned('new'), cluster)
    expect(scores?.n3).toBeGreaterThan(scores?.n2 ?? Number.NaN)
    expect(scores?.n2).toBeGreaterThan(scores?.n1 ?? Number.NaN)
  })

  it('has no opinion on a Pod without controller, or the first of one', () => {
    expect(askScore(podTopologySpread, web('new', undefined), aCluster(nodes, [web('a', 'n1')]))).toBeUndefined()
    expect(askScore(podTopologySpread, owned('new'), aCluster(nodes))).toBeUndefined()
  })
})
