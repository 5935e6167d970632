import type { Kind } from '../../../shared/api/kinds.ts'
import type { ApiVerb, Handler } from '../handler.ts'
import type { ResourceTarget } from '../request/resource-path.ts'
import { getNodeMetrics, getPodMetrics, listNodeMetrics, listPodMetrics } from './metrics-handlers.ts'
import { METRICS_KINDS, POD_METRICS } from './metrics-kinds.ts'

/** The verbs that metrics are asked with. */
export const METRICS_VERBS: readonly ApiVerb[] = ['get', 'list']

export function findMetricsKind({ group, version, plural, subresource }: ResourceTarget): Kind | undefined {
  if (subresource) return undefined
  return METRICS_KINDS.find((kind) => kind.group === group && kind.version === version && kind.plural === plural)
}

/** Undefined for a verb that is not served. */
export function metricsHandler(kind: Kind, verb: ApiVerb | undefined): Handler | undefined {
  const isOfPods = kind === POD_METRICS
  switch (verb) {
    case 'get':
      return isOfPods ? getPodMetrics : getNodeMetrics
    case 'list':
      return isOfPods ? listPodMetrics : listNodeMetrics
    default:
      return undefined
  }
}
