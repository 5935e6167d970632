import { describe, expect, it } from 'vitest'
import { imagePlatform } from '../../../../../controlplane/scheduler/plugins/image-platform.ts'
import { withUnfitImages } from '../../../../../shared/unfit-images.ts'
import { aCluster, aNode, aPod, askFilter } from '../../../../support/scheduling-objects.ts'

describe('ImagePlatform', () => {
  const arm = aNode('arm')
  arm.metadata.annotations = withUnfitImages(undefined, ['web:1', 'side:1']) ?? {}
  const cluster = aCluster([arm, aNode('intel')])

  it('keeps a Pod from a node that has found its image to be for others', () => {
    expect(askFilter(imagePlatform, aPod('a'), cluster)).toEqual({
      arm: "node(s) had an architecture that the pod's images are not for",
      intel: 'ok',
    })
  })

  it('lets Pods look again when the node has forgotten it', () => {
    const changes: string[] = []
    const watched = aCluster([arm], [], ({ type }) => changes.push(type))
    watched.setNode(aNode('arm'))
    expect(changes).toEqual(['nodeAdded', 'nodeUpdated'])
    expect(askFilter(imagePlatform, aPod('a'), watched)).toEqual({ arm: 'ok' })
  })

  it('looks at init containers too, and lets other images be', () => {
    const containers = [{ name: 'main', image: 'other:1' }]
    expect(askFilter(imagePlatform, aPod('a', { containers }), cluster).arm).toBe('ok')
    const initContainers = [{ name: 'init', image: 'side:1' }]
    expect(askFilter(imagePlatform, aPod('a', { containers, initContainers }), cluster).arm).not.toBe('ok')
  })
})
