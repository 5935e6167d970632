import type { Kind } from '../../../shared/api/kinds.ts'

const COMMON = { group: 'metrics.k8s.io', version: 'v1beta1', singular: '', shortNames: [], categories: [], type: '' }

/** What nodes use. It is not stored but measured when it is asked for. */
export const NODE_METRICS: Kind = { ...COMMON, kind: 'NodeMetrics', plural: 'nodes', namespaced: false }

/** What Pods use. */
export const POD_METRICS: Kind = { ...COMMON, kind: 'PodMetrics', plural: 'pods', namespaced: true }

export const METRICS_KINDS: readonly Kind[] = [NODE_METRICS, POD_METRICS]
