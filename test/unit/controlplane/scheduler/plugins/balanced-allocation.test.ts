import { expect, it } from 'vitest'
import { balancedAllocation } from '../../../../../controlplane/scheduler/plugins/balanced-allocation.ts'
import { aCluster, aNode, aPod, askScore } from '../../../../support/scheduling-objects.ts'

it('prefers the node whose cpu and memory end up used alike', () => {
  const hungry = aPod('hungry', { nodeName: 'n2', requests: { cpu: '2' } })
  const cluster = aCluster([aNode('n1'), aNode('n2')], [hungry])
  // n1: 1/4 of cpu and 1/4 of memory; n2: 3/4 and 1/4, half of the difference is lost
  expect(askScore(balancedAllocation, aPod('a', { requests: { cpu: '1', memory: '2Gi' } }), cluster)).toEqual({
    n1: 100,
    n2: 75,
  })
})

it('has no opinion on a Pod that requests neither', () => {
  expect(askScore(balancedAllocation, aPod('a'), aCluster([aNode('n1')]))).toBeUndefined()
})
