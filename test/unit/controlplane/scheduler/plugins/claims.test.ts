import { expect, it } from 'vitest'
import { dynamicResources } from '../../../../../controlplane/scheduler/plugins/dynamic-resources.ts'
import { volumeBinding } from '../../../../../controlplane/scheduler/plugins/volume-binding.ts'
import { aCluster, aNode, aPod, askFilter, type PodShape } from '../../../../support/scheduling-objects.ts'

const cluster = aCluster([aNode('n1')])

it.each<[string, PodShape, string]>([
  ['no claim', { volumes: [{ name: 'v', emptyDir: {} }] }, 'ok'],
  [
    'a claim',
    { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
    'persistentvolumeclaim "data" not found',
  ],
  ['an ephemeral volume', { volumes: [{ name: 'v', ephemeral: {} }] }, 'persistentvolumeclaim "a-v" not found'],
])('a Pod with %s', (_, shape, answer) => {
  expect(askFilter(volumeBinding, aPod('a', shape), cluster)).toEqual({ n1: answer })
})

it.each<[string, PodShape, string]>([
  ['no resource claim', {}, 'ok'],
  [
    'a resource claim',
    { resourceClaims: [{ name: 'gpu', resourceClaimName: 'my-gpu' }] },
    'resourceclaim "my-gpu" not found',
  ],
])('a Pod with %s', (_, shape, answer) => {
  expect(askFilter(dynamicResources, aPod('a', shape), cluster)).toEqual({ n1: answer })
})
