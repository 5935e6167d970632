import { type ClusterView, MAX_SCORE, type ScorePlugin } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'

const MEBIBYTE = 1024 * 1024
/** Less than this to pull is of no account; more than this, per container, counts no further. */
const MINIMUM_BYTES = 23 * MEBIBYTE
const MAXIMUM_BYTES_PER_CONTAINER = 1000 * MEBIBYTE

/** Prefers nodes that hold the Pod's images already; an image that few nodes hold counts less, lest all flock there. */
export const imageLocality: ScorePlugin = {
  name: 'ImageLocality',
  weight: 1,
  scorer({ pod }, _feasible, cluster) {
    const { containers, initContainers = [] } = pod.spec
    const images = [...initContainers, ...containers].map(({ image }) => withTag(image ?? ''))
    const known = images.filter((image) => cluster.nodesWithImage(image) > 0)
    if (known.length === 0) return undefined
    const maximum = MAXIMUM_BYTES_PER_CONTAINER * images.length
    return {
      score: (node) => {
        const bytes = known.reduce((sum, image) => sum + weightedBytes(image, node, cluster), 0)
        const share = (Math.min(bytes, maximum) - MINIMUM_BYTES) / (maximum - MINIMUM_BYTES)
        return Math.floor(MAX_SCORE * Math.max(0, share))
      },
    }
  },
}

function weightedBytes(image: string, node: NodeInfo, cluster: ClusterView): number {
  const bytes = node.images.get(image) ?? 0
  return bytes === 0 ? 0 : Math.floor(bytes * (cluster.nodesWithImage(image) / cluster.nodes.length))
}

/** A name without tag and digest means `latest`. A colon before the last slash is a registry's port. */
function withTag(image: string): string {
  return image.lastIndexOf(':') > image.lastIndexOf('/') ? image : `${image}:latest`
}
