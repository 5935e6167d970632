import { FITS, type FilterPlugin, ruleOut } from '../framework.ts'

const REFUSED = ruleOut("node(s) didn't match the requested node name")

/** A Pod that names its node goes nowhere else. */
export const nodeName: FilterPlugin = {
  name: 'NodeName',
  filter({ pod }) {
    const wanted = pod.spec.nodeName
    return wanted ? (node) => (node.name === wanted ? FITS : REFUSED) : undefined
  },
  wokenBy: { nodeAdded: 'ifNodeFits' },
}
