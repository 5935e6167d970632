import { PODS, type Pod } from '../../shared/api/kinds.ts'
import type { Informer, Informers } from '../reconcile/informer.ts'

/** Index of Pods by the node that they are bound to. */
export const PODS_BY_NODE = 'spec.nodeName'

/** The Pod informer, with that index. */
export function podsByNode(informers: Informers): Informer<Pod> {
  const pods = informers.of(PODS)
  pods.addIndex(PODS_BY_NODE, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []))
  return pods
}
