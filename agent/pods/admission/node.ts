import { requiredNodeMatcher } from '../../../shared/required-node-matcher.ts'
import { tolerates } from '../../../shared/tolerations.ts'
import type { AdmissionCheck } from './pod-admission.ts'

/** The scheduler sees to it too; a Pod that was bound without it, or before the node's labels changed, may want another node. */
export const refuseOtherNodes: AdmissionCheck = ({ spec }, { node }) => {
  if (!node || !spec) return undefined
  const { name = '', labels = {} } = node.metadata
  const matches = requiredNodeMatcher({ spec })
  if (!matches || matches({ name, labels })) return undefined
  const why = "node(s) didn't match Pod's node affinity/selector"
  return { reason: 'NodeAffinity', message: `Predicate NodeAffinity failed: ${why}` }
}

/** Only for taints that would end it at once: others keep Pods away before they are bound. */
export const refuseTainted: AdmissionCheck = ({ spec }, { node }) => {
  const expelling = (node?.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
  if (expelling.every((taint) => tolerates(spec?.tolerations, taint))) return undefined
  const why = "node(s) had taints that the pod didn't tolerate"
  return { reason: 'TaintToleration', message: `Predicate TaintToleration failed: ${why}` }
}
