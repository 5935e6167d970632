import { ApiError } from '../../../shared/api/api-error.ts'
import { NODES, type Node, PODS, type Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import type { Handler } from '../handler.ts'
import { readListQuery } from '../request/list-query.ts'
import { keyOfTarget, type ResourceRequest } from '../request/resource-request.ts'
import type { Services } from '../services.ts'
import { POD_METRICS } from './metrics-kinds.ts'
import {
  metricsEntry,
  metricsList,
  type NodeMetrics,
  nodeMetrics,
  type PodMetrics,
  podMetrics,
} from './metrics-objects.ts'
import { usageOfNodes } from './node-usage.ts'

export const listNodeMetrics: Handler = async (request, services) => {
  const nodes = await matching<Node>(request, services)
  return { type: 'list', list: metricsList(await metricsOfNodes(nodes, request, services)) }
}

export const getNodeMetrics: Handler = async (request, services) => {
  const { object } = await services.registry.get(NODES, keyOfTarget(request.target))
  const [metrics] = await metricsOfNodes([object as Persisted<Node>], request, services)
  if (!metrics) throw ApiError.notFound(request.kind, object.metadata.name)
  return { type: 'entry', code: 200, entry: metricsEntry(metrics) }
}

export const listPodMetrics: Handler = async (request, services) => {
  const pods = await matching<Pod>(request, services)
  return { type: 'list', list: metricsList(await metricsOfPods(pods, request, services)) }
}

export const getPodMetrics: Handler = async (request, services) => {
  const { object } = await services.registry.get(PODS, keyOfTarget(request.target))
  const [metrics] = await metricsOfPods([object as Persisted<Pod>], request, services)
  const { namespace, name } = object.metadata
  if (!metrics) throw ApiError.notFound(request.kind, `${namespace}/${name}`)
  return { type: 'entry', code: 200, entry: metricsEntry(metrics) }
}

async function matching<T extends Node | Pod>(
  { kind, target, query }: ResourceRequest,
  { registry }: Services,
): Promise<Persisted<T>[]> {
  const { namespace, labels, fields } = readListQuery(query, target.namespace)
  const selection = {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels ? { labels } : {}),
    ...(fields ? { fields } : {}),
  }
  const { entries } = await registry.list(kind === POD_METRICS ? PODS : NODES, selection)
  return entries.map(({ object }) => object as Persisted<T>)
}

async function metricsOfNodes(
  nodes: readonly Persisted<Node>[],
  { signal }: ResourceRequest,
  services: Services,
): Promise<NodeMetrics[]> {
  const names = nodes.map(({ metadata }) => metadata.name)
  const reports = await usageOfNodes(names, services, signal)
  return nodes.flatMap((node) => {
    const report = reports.get(node.metadata.name)
    return report ? [nodeMetrics(node, report.node, services.clock.now())] : []
  })
}

/** Of running Pods, each as its own node tells of it. */
async function metricsOfPods(
  pods: readonly Persisted<Pod>[],
  { signal }: ResourceRequest,
  services: Services,
): Promise<PodMetrics[]> {
  const running = pods.filter(({ spec, status }) => status?.phase === 'Running' && spec.nodeName)
  const nodeNames = running.map(({ spec }) => spec.nodeName ?? '')
  const reports = await usageOfNodes(nodeNames, services, signal)
  return running.flatMap((pod) => {
    const usage = reports.get(pod.spec.nodeName ?? '')?.pods.find(({ uid }) => uid === pod.metadata.uid)
    return usage && usage.containers.length > 0 ? [podMetrics(pod, usage, services.clock.now())] : []
  })
}
