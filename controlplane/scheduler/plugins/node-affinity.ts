import { nodeTermMatcher, requiredNodeMatcher } from '../../../shared/required-node-matcher.ts'
import { FITS, type FilterPlugin, normalizeByMaximum, ruleOut, type ScorePlugin } from '../framework.ts'

const REFUSED = ruleOut("node(s) didn't match Pod's node affinity/selector")

/** Honours `nodeSelector` and node affinity. */
export const nodeAffinity: FilterPlugin & ScorePlugin = {
  name: 'NodeAffinity',
  weight: 2,
  filter({ pod }) {
    const matches = requiredNodeMatcher(pod)
    return matches && ((node) => (matches(node) ? FITS : REFUSED))
  },
  wokenBy: { nodeAdded: 'ifNodeFits', nodeUpdated: 'ifNodeFits' },
  scorer({ pod }) {
    const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    const preferences = terms.map(({ weight, preference }) => ({ weight, matches: nodeTermMatcher(preference) }))
    if (preferences.length === 0) return undefined
    return {
      score: (node) => preferences.reduce((sum, { weight, matches }) => sum + (matches(node) ? weight : 0), 0),
      normalize: (scores) => normalizeByMaximum(scores),
    }
  },
}
