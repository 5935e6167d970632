import { describe, expect, it } from 'vitest'
import { interPodAffinity } from '../../../../../controlplane/scheduler/plugins/inter-pod-affinity.ts'
import type { PodAffinityTerm } from '../../../../../shared/api/generated/core-v1.ts'
import { aCluster, aNode, aPod, askFilter, askScore, type PodShape } from '../../../../support/scheduling-objects.ts'

const ZONE = 'topology.kubernetes.io/zone'
const zone = (name: string) => ({ labels: { [ZONE]: name } })
const nodes = [aNode('n1', zone('a')), aNode('n2', zone('a')), aNode('n3', zone('b')), aNode('n4')]
const term = (app: string, more: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
  topologyKey: ZONE,
  labelSelector: { matchLabels: { app } },
  ...more,
})
const near = (...terms: PodAffinityTerm[]): PodShape => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
})
const awayFrom = (...terms: PodAffinityTerm[]): PodShape => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
})
const placed = (name: string, app: string, nodeName: string, more: PodShape = {}) =>
  aPod(name, { labels: { app }, nodeName, ...more })

const NEAR = "node(s) didn't match pod affinity rules"
const AWAY = "node(s) didn't match pod anti-affinity rules"
const EXISTING = "node(s) didn't satisfy existing pods anti-affinity rules"

describe('required', () => {
  it('goes only where such a Pod is, in the same topology', () => {
    const cluster = aCluster(nodes, [placed('db', 'db', 'n1')])
    expect(askFilter(interPodAffinity, aPod('a', near(term('db'))), cluster)).toEqual({
      n1: 'ok',
      n2: 'ok',
      n3: NEAR,
      n4: NEAR,
    })
  })

  it('lets the first of a kind that wants its like near go anywhere with the label', () => {
    const pod = aPod('a', { labels: { app: 'web' }, ...near(term('web')) })
    expect(askFilter(interPodAffinity, pod, aCluster(nodes))).toEqual({ n1: 'ok', n2: 'ok', n3: 'ok', n4: NEAR })
    expect(askFilter(interPodAffinity, pod, aCluster(nodes, [placed('b', 'web', 'n3')]))).toMatchObject({
      n1: NEAR,
      n3: 'ok',
    })
  })

  it('wants Pods that meet all terms', () => {
    const pod = aPod('a', near(term('db'), { topologyKey: ZONE, labelSelector: { matchLabels: { tier: 'gold' } } }))
    const gold = placed('gold', 'db', 'n3', { labels: { app: 'db', tier: 'gold' } })
    expect(askFilter(interPodAffinity, pod, aCluster(nodes, [placed('db', 'db', 'n1'), gold]))).toMatchObject({
      n1: NEAR,
      n3: 'ok',
    })
  })

  it('keeps away from such Pods', () => {
    const cluster = aCluster(nodes, [placed('web', 'web', 'n1')])
    expect(askFilter(interPodAffinity, aPod('a', awayFrom(term('web'))), cluster)).toEqual({
      n1: AWAY,
      n2: AWAY,
      n3: 'ok',
      n4: 'ok',
    })
  })

  it('is kept out by Pods that want to be away from it', () => {
    const cluster = aCluster(nodes, [placed('db', 'db', 'n3', awayFrom(term('web')))])
    expect(askFilter(interPodAffinity, aPod('a', { labels: { app: 'web' } }), cluster)).toMatchObject({
      n1: 'ok',
      n3: EXISTING,
    })
    expect(askFilter(interPodAffinity, aPod('b', { labels: { app: 'other' } }), cluster)).toMatchObject({ n3: 'ok' })
  })

  const namespaces: [string, Partial<PodAffinityTerm>, string[]][] = [
    ['its own by default', {}, ['n3']],
    ['those named', { namespaces: ['prod'] }, ['n1', 'n2']],
    ['those selected by label', { namespaceSelector: { matchLabels: { team: 'shop' } } }, ['n1', 'n2']],
    ['none selected', { namespaceSelector: { matchLabels: { team: 'other' } } }, []],
    ['all', { namespaceSelector: {} }, ['n1', 'n2', 'n3']],
  ]
  it.each(namespaces)('looks at Pods of the right namespaces: %s', (_, more, seenOn) => {
    const cluster = aCluster(nodes, [placed('web', 'web', 'n1', { namespace: 'prod' }), placed('own', 'web', 'n3')])
    const metadata = { name: 'prod', uid: 'u', resourceVersion: '1', creationTimestamp: '', labels: { team: 'shop' } }
    cluster.setNamespace({ apiVersion: 'v1', kind: 'Namespace', metadata, spec: {} })
    const answers = ['n1', 'n2', 'n3', 'n4'].map((name) => [name, seenOn.includes(name) ? AWAY : 'ok'])
    expect(askFilter(interPodAffinity, aPod('a', awayFrom(term('web', more))), cluster)).toEqual(
      Object.fromEntries(answers),
    )
  })

  it('narrows the selector to its own value of a label with matchLabelKeys', () => {
    const shape = awayFrom(term('web', { matchLabelKeys: ['version'] }))
    const pod = aPod('a', { labels: { version: '2' }, ...shape })
    const other = placed('other', 'web', 'n1', { labels: { app: 'web', version: '1' } })
    const same = placed('same', 'web', 'n3', { labels: { app: 'web', version: '2' } })
    expect(askFilter(interPodAffinity, pod, aCluster(nodes, [other, same]))).toMatchObject({ n1: 'ok', n3: AWAY })
  })
})

describe('preferred', () => {
  it('adds up weights, for and against, over the topology', () => {
    const pod = aPod('a', {
      affinity: {
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, podAffinityTerm: term('db') }] },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, podAffinityTerm: term('web') }],
        },
      },
    })
    const cluster = aCluster(nodes, [placed('db', 'db', 'n1'), placed('web', 'web', 'n3')])
    // zone a +10, zone b -5, no zone 0
    expect(askScore(interPodAffinity, pod, cluster)).toEqual({ n1: 100, n2: 100, n3: 0, n4: 33 })
  })

  it('heeds what placed Pods prefer of it', () => {
    const wish = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term('web') }] }
    const pod = aPod('a', { labels: { app: 'web' } })
    const liked = aCluster(nodes, [placed('db', 'db', 'n3', { affinity: { podAffinity: wish } })])
    expect(askScore(interPodAffinity, pod, liked)).toMatchObject({ n1: 0, n3: 100 })
    const disliked = aCluster(nodes, [placed('db', 'db', 'n3', { affinity: { podAntiAffinity: wish } })])
    expect(askScore(interPodAffinity, pod, disliked)).toMatchObject({ n1: 100, n3: 0 })
  })

  it('has no opinion where nobody has a wish', () => {
    expect(askScore(interPodAffinity, aPod('a'), aCluster(nodes, [placed('b', 'web', 'n1')]))).toBeUndefined()
  })
})
