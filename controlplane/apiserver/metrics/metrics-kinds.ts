import type { Kind } from '../../../shared/api/kinds.ts'
import type { TypeSchema } from '../../../shared/api/schema.ts'

const COMMON = { group: 'metrics.k8s.io', version: 'v1beta1', singular: '', shortNames: [], categories: [] }

/** What nodes use. It is not stored but measured when it is asked for. */
const NODE_METRICS: Kind = {
  ...COMMON,
  ...{ kind: 'NodeMetrics', plural: 'nodes', namespaced: false, type: 'metrics.v1beta1.NodeMetrics' },
}

/** What Pods use. */
export const POD_METRICS: Kind = {
  ...COMMON,
  ...{ kind: 'PodMetrics', plural: 'pods', namespaced: true, type: 'metrics.v1beta1.PodMetrics' },
}

export const METRICS_KINDS: readonly Kind[] = [NODE_METRICS, POD_METRICS]

const HEAD: TypeSchema = {
  metadata: { number: 1, type: 'meta.v1.ObjectMeta' },
  timestamp: { number: 2, type: 'time', required: true },
  window: { number: 3, type: 'string', required: true },
}
const listOf = (type: string): TypeSchema => ({
  metadata: { number: 1, type: 'meta.v1.ListMeta' },
  items: { number: 2, type, list: true, required: true },
})

/** Their types, which are not among those of the Kubernetes API itself. */
export const METRICS_TYPES: Readonly<Record<string, TypeSchema>> = {
  [NODE_METRICS.type]: { ...HEAD, usage: { number: 4, type: 'quantity', map: true, required: true } },
  [POD_METRICS.type]: {
    ...HEAD,
    containers: { number: 4, type: 'metrics.v1beta1.ContainerMetrics', list: true, required: true },
  },
  'metrics.v1beta1.ContainerMetrics': {
    name: { number: 1, type: 'string', required: true },
    usage: { number: 2, type: 'quantity', map: true, required: true },
  },
  [`${NODE_METRICS.type}List`]: listOf(NODE_METRICS.type),
  [`${POD_METRICS.type}List`]: listOf(POD_METRICS.type),
}
