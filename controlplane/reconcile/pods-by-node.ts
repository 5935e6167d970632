import { PODS, type Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { Informers } from './informer.ts'

const INDEX = 'spec.nodeName'

/** Finds the Pods that are bound to a node, by an index of their informer's. */
export function podsByNode(informers: Informers): (nodeName: string) => readonly Persisted<Pod>[] {
  const pods = informers.of(PODS)
  pods.addIndex(INDEX, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []))
  return (nodeName) => pods.byIndex(INDEX, nodeName)
}
