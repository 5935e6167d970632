import { describe, expect, it } from 'vitest'
import { nodeAffinity } from '../../../../../controlplane/scheduler/plugins/node-affinity.ts'
import type { NodeSelectorTerm } from '../../../../../shared/api/generated/core-v1.ts'
import { aCluster, aNode, aPod, askFilter, askScore, type PodShape } from '../../../../support/scheduling-objects.ts'

const cluster = aCluster([
  aNode('n1', { labels: { disk: 'ssd', cores: '8' } }),
  aNode('n2', { labels: { disk: 'hdd', cores: '16' } }),
  aNode('n3'),
])
const REFUSED = "node(s) didn't match Pod's node affinity/selector"
const required = (...nodeSelectorTerms: NodeSelectorTerm[]): PodShape => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
})
const term = (key: string, operator: string, ...values: string[]): NodeSelectorTerm => ({
  matchExpressions: [{ key, operator, values }],
})

describe('node affinity', () => {
  const cases: [string, PodShape, string[]][] = [
    ['nothing asked', {}, ['n1', 'n2', 'n3']],
    ['nodeSelector', { nodeSelector: { disk: 'ssd' } }, ['n1']],
    ['In', required(term('disk', 'In', 'ssd', 'hdd')), ['n1', 'n2']],
    ['NotIn, also without the label', required(term('disk', 'NotIn', 'ssd')), ['n2', 'n3']],
    ['Exists', required(term('disk', 'Exists')), ['n1', 'n2']],
    ['DoesNotExist', required(term('disk', 'DoesNotExist')), ['n3']],
    ['Gt', required(term('cores', 'Gt', '8')), ['n2']],
    ['Lt', required(term('cores', 'Lt', '16')), ['n1']],
    ['one of several terms', required(term('disk', 'In', 'ssd'), term('cores', 'Gt', '8')), ['n1', 'n2']],
    [
      'all expressions of a term',
      required({
        matchExpressions: [
          ...(term('disk', 'Exists').matchExpressions ?? []),
          { key: 'cores', operator: 'Lt', values: ['9'] },
        ],
      }),
      ['n1'],
    ],
    ['matchFields', required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n3'] }] }), ['n3']],
    ['an empty term', required({}), []],
    ['selector and affinity both', { nodeSelector: { disk: 'ssd' }, ...required(term('cores', 'Gt', '8')) }, []],
  ]
  it.each(cases)('%s', (_, shape, allowed) => {
    const answers = ['n1', 'n2', 'n3'].map((name) => [name, allowed.includes(name) ? 'ok' : REFUSED])
    expect(askFilter(nodeAffinity, aPod('a', shape), cluster)).toEqual(Object.fromEntries(answers))
  })

  it('prefers nodes by the weights of the preferences that they meet', () => {
    const preferredDuringSchedulingIgnoredDuringExecution = [
      { weight: 30, preference: term('disk', 'In', 'ssd') },
      { weight: 10, preference: term('cores', 'Gt', '1') },
      { weight: 100, preference: {} },
    ]
    const pod = aPod('a', { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution } } })
    expect(askScore(nodeAffinity, pod, cluster)).toEqual({ n1: 100, n2: 25, n3: 0 })
  })
})
