import { FITS, type FilterPlugin, ruleOut } from '../framework.ts'

const REFUSED = ruleOut("node(s) had an architecture that the pod's images are not for")

/**
 * Keeps Pods from nodes that have found, not long ago, that one of their images has nothing for their architecture. That
 * is all that is known: a Pod of an image that nobody has tried yet may still come to a node where it does not run.
 */
export const imagePlatform: FilterPlugin = {
  name: 'ImagePlatform',
  filter({ pod }) {
    const { containers, initContainers = [] } = pod.spec
    const images = [...initContainers, ...containers].flatMap(({ image }) => image ?? [])
    return ({ unfitImages }) => {
      if (unfitImages.size === 0) return FITS
      return images.some((image) => unfitImages.has(image)) ? REFUSED : FITS
    }
  },
  wokenBy: { nodeAdded: 'ifNodeFits', nodeUpdated: 'ifNodeFits' },
}
