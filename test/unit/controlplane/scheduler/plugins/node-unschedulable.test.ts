import { expect, it } from 'vitest'
import { nodeUnschedulable } from '../../../../../controlplane/scheduler/plugins/node-unschedulable.ts'
import { aCluster, aNode, aPod, askFilter } from '../../../../support/scheduling-objects.ts'

const cluster = aCluster([aNode('n1', { unschedulable: true }), aNode('n2')])

it('keeps Pods from cordoned nodes', () => {
  expect(askFilter(nodeUnschedulable, aPod('a'), cluster)).toEqual({ n1: 'node(s) were unschedulable', n2: 'ok' })
})

it('lets in a Pod that tolerates the taint of a cordoned node', () => {
  const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }]
  expect(askFilter(nodeUnschedulable, aPod('a', { tolerations }), cluster)).toEqual({ n1: 'ok', n2: 'ok' })
})
