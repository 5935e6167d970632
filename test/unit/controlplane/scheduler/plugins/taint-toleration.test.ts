import { describe, expect, it } from 'vitest'
import { taintToleration } from '../../../../../controlplane/scheduler/plugins/taint-toleration.ts'
import type { Taint, Toleration } from '../../../../../shared/api/generated/core-v1.ts'
import { aCluster, aNode, aPod, askFilter, askScore } from '../../../../support/scheduling-objects.ts'

const gpu: Taint = { key: 'gpu', value: 'a100', effect: 'NoSchedule' }

describe('taints and tolerations', () => {
  it('names the taint that is not tolerated', () => {
    const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }
    const cluster = aCluster([aNode('n1', { taints: [unreachable] }), aNode('n2', { taints: [gpu] }), aNode('n3')])
    expect(askFilter(taintToleration, aPod('a'), cluster)).toEqual({
      n1: 'node(s) had untolerated taint {node.kubernetes.io/unreachable: }',
      n2: 'node(s) had untolerated taint {gpu: a100}',
      n3: 'ok',
    })
  })

  const tolerated: [string, Toleration, boolean][] = [
    ['the same', { key: 'gpu', value: 'a100', effect: 'NoSchedule' }, true],
    ['Equal spelled out, every effect', { key: 'gpu', operator: 'Equal', value: 'a100' }, true],
    ['any value', { key: 'gpu', operator: 'Exists' }, true],
    ['everything', { operator: 'Exists' }, true],
    ['another value', { key: 'gpu', value: 'h100' }, false],
    ['no value', { key: 'gpu' }, false],
    ['another key', { key: 'disk', operator: 'Exists' }, false],
    ['another effect', { key: 'gpu', operator: 'Exists', effect: 'NoExecute' }, false],
  ]
  it.each(tolerated)('a toleration of %s', (_, toleration, isTolerated) => {
    const cluster = aCluster([aNode('n1', { taints: [gpu] })])
    const answer = askFilter(taintToleration, aPod('a', { tolerations: [toleration] }), cluster)
    expect(answer.n1 === 'ok').toBe(isTolerated)
  })

  it.each([
    ['Gt', '5', '4', true],
    ['Gt', '4', '4', false],
    ['Lt', '3', '4', true],
    ['Lt', 'x', '4', false],
  ])('compares numbers with %s: %s and %s', (operator, taintValue, value, isTolerated) => {
    const cluster = aCluster([aNode('n1', { taints: [{ key: 'level', value: taintValue, effect: 'NoSchedule' }] })])
    const tolerations = [{ key: 'level', operator, value }]
    expect(askFilter(taintToleration, aPod('a', { tolerations }), cluster).n1 === 'ok').toBe(isTolerated)
  })

  it('prefers nodes with fewer soft taints, and filters none', () => {
    const soft = (key: string) => ({ key, effect: 'PreferNoSchedule' })
    const cluster = aCluster([
      aNode('n1', { taints: [soft('a'), soft('b')] }),
      aNode('n2', { taints: [soft('a')] }),
      aNode('n3'),
    ])
    expect(askScore(taintToleration, aPod('a'), cluster)).toEqual({ n1: 0, n2: 50, n3: 100 })
    expect(askFilter(taintToleration, aPod('a'), cluster)).toEqual({ n1: 'ok', n2: 'ok', n3: 'ok' })
    const tolerations = [{ key: 'b', operator: 'Exists' }]
    expect(askScore(taintToleration, aPod('a', { tolerations }), cluster)).toEqual({ n1: 0, n2: 0, n3: 100 })
  })

  it('has no opinion where there are no soft taints', () => {
    expect(
      askScore(taintToleration, aPod('a'), aCluster([aNode('n1', { taints: [gpu] }), aNode('n2')])),
    ).toBeUndefined()
  })
})
