import { expect, it } from 'vitest'
import { dynamicResources } from '../../../../../controlplane/scheduler/plugins/dynamic-resources.ts'
import { aCluster, aNode, aPod, askFilter, type PodShape } from '../../../../support/scheduling-objects.ts'

it.each<[string, PodShape, string]>([
  ['no resource claim', {}, 'ok'],
  [
    'a resource claim',
    { resourceClaims: [{ name: 'gpu', resourceClaimName: 'my-gpu' }] },
    'resourceclaim "my-gpu" not found',
  ],
])('a Pod with %s', (_, shape, answer) => {
  expect(askFilter(dynamicResources, aPod('a', shape), aCluster([aNode('n1')]))).toEqual({ n1: answer })
})
