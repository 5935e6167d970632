import { FITS, type FilterPlugin, ruleOut } from '../framework.ts'
import { choicesOn, isReachable, podVolumes } from '../pod-volumes.ts'

const ELSEWHERE = ruleOut("node(s) didn't match PersistentVolume's node affinity")
const NOTHING_THERE = ruleOut("node(s) didn't find available persistent volumes to bind")

/** Sends a Pod to where its data is, or where its volumes can be had. */
export const volumeBinding: FilterPlugin = {
  name: 'VolumeBinding',
  filter({ pod }, { storage }) {
    const volumes = podVolumes(pod, storage)
    if (typeof volumes === 'string') return { refusal: volumes }
    return (
      volumes &&
      ((node) => {
        if (!volumes.bound.every((volume) => isReachable(volume, node))) return ELSEWHERE
        return choicesOn(node, volumes.delayed, storage) ? FITS : NOTHING_THERE
      })
    )
  },
  wokenBy: { storageChanged: 'always', nodeAdded: 'ifNodeFits', nodeUpdated: 'ifNodeFits' },
}
