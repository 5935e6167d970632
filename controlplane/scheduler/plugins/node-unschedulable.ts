import { tolerates } from '../../../shared/tolerations.ts'
import { FITS, type FilterPlugin, ruleOut } from '../framework.ts'

const REFUSED = ruleOut('node(s) were unschedulable')
const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** Keeps Pods from cordoned nodes, but for those that tolerate the taint which says the same. */
export const nodeUnschedulable: FilterPlugin = {
  name: 'NodeUnschedulable',
  filter({ pod }) {
    if (tolerates(pod.spec.tolerations, TAINT)) return undefined
    return ({ unschedulable }) => (unschedulable ? REFUSED : FITS)
  },
  wokenBy: { nodeAdded: 'ifNodeFits', nodeUpdated: 'ifNodeFits' },
}
