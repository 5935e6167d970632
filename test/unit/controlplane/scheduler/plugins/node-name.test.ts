import { expect, it } from 'vitest'
import { nodeName } from '../../../../../controlplane/scheduler/plugins/node-name.ts'
import { aCluster, aNode, aPod, askFilter } from '../../../../support/scheduling-objects.ts'

it('sends a Pod that names a node nowhere else', () => {
  const cluster = aCluster([aNode('n1'), aNode('n2')])
  expect(askFilter(nodeName, aPod('a'), cluster)).toEqual({ n1: 'ok', n2: 'ok' })
  expect(askFilter(nodeName, aPod('a', { nodeName: 'n2' }), cluster)).toEqual({
    n1: "node(s) didn't match the requested node name",
    n2: 'ok',
  })
})
