import type { Taint } from '../../../shared/api/generated/core-v1.ts'
import { tolerates } from '../../../shared/tolerations.ts'
import { FITS, type FilterPlugin, normalizeByMaximum, ruleOut, type ScorePlugin } from '../framework.ts'

/** Keeps Pods from nodes with taints that they do not tolerate, and prefers nodes without soft ones. */
export const taintToleration: FilterPlugin & ScorePlugin = {
  name: 'TaintToleration',
  weight: 3,
  filter({ pod }) {
    const { tolerations } = pod.spec
    return ({ repellingTaints }) => {
      const taint = repellingTaints.find((taint) => !tolerates(tolerations, taint))
      return taint ? ruleOut(`node(s) had untolerated taint ${describe(taint)}`) : FITS
    }
  },
  wokenBy: { nodeAdded: 'ifNodeFits', nodeUpdated: 'ifNodeFits' },
  scorer({ pod }, feasible) {
    if (feasible.every(({ discouragingTaints }) => discouragingTaints.length === 0)) return undefined
    const { tolerations } = pod.spec
    return {
      score: ({ discouragingTaints }) => discouragingTaints.filter((taint) => !tolerates(tolerations, taint)).length,
      normalize: (scores) => normalizeByMaximum(scores, true),
    }
  },
}

function describe({ key, value }: Taint): string {
  return `{${key}: ${value ?? ''}}`
}
