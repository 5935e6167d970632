import { expect, it } from 'vitest'
import { imageLocality } from '../../../../../controlplane/scheduler/plugins/image-locality.ts'
import { aCluster, aNode, aPod, askScore } from '../../../../support/scheduling-objects.ts'

const MIB = 2 ** 20
const holding = (...images: [string, number][]) => ({
  images: images.map(([name, mebibytes]) => ({ names: [name], sizeBytes: mebibytes * MIB })),
})
const pod = (...images: string[]) => aPod('a', { containers: images.map((image, i) => ({ name: `c${i}`, image })) })

it('prefers nodes that hold the image, less so where few do', () => {
  const cluster = aCluster([aNode('n1', holding(['web:1', 1000])), aNode('n2'), aNode('n3'), aNode('n4')])
  // a quarter of the nodes hold it: (1000 / 4 - 23) / (1000 - 23)
  expect(askScore(imageLocality, pod('web:1'), cluster)).toEqual({ n1: 23, n2: 0, n3: 0, n4: 0 })
})

it('adds up the images of all containers, up to a limit', () => {
  const both = holding(['web:1', 2000], ['db:1', 2000])
  const cluster = aCluster([aNode('n1', both), aNode('n2', both), aNode('n3', holding(['web:1', 1]))])
  const scores = askScore(imageLocality, pod('web:1', 'db:1'), cluster)
  expect(scores).toEqual({ n1: 100, n2: 100, n3: 0 })
})

it.each([
  ['web', 'web:latest'],
  ['localhost:5000/web', 'localhost:5000/web:latest'],
])('takes %s for %s', (image, held) => {
  const cluster = aCluster([aNode('n1', holding([held, 500]))])
  expect(askScore(imageLocality, pod(image), cluster)?.n1).toBeGreaterThan(0)
})

it('has no opinion on images that no node holds', () => {
  expect(askScore(imageLocality, pod('web:2'), aCluster([aNode('n1', holding(['web:1', 500]))]))).toBeUndefined()
})
