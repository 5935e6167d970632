import type { Node, Pod } from '../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import { timestamp } from '../../../shared/clock.ts'
import type { PodUsage, Usage } from '../../../shared/protocol/usage-report.ts'
import type { Entry, EntryList } from '../../registry/registry.ts'

/** In the API's words. */
export interface Amounts {
  cpu: string
  memory: string
}

interface Metrics extends KubeObject {
  timestamp: string
  /** Over how long the processors' use was measured, such as `1.5s`. */
  window: string
}

export interface NodeMetrics extends Metrics {
  usage: Amounts
}

export interface PodMetrics extends Metrics {
  containers: { name: string; usage: Amounts }[]
}

const API_VERSION = 'metrics.k8s.io/v1beta1'

export function nodeMetrics(node: Persisted<Node>, usage: Usage, nowMs: number): NodeMetrics {
  return { kind: 'NodeMetrics', apiVersion: API_VERSION, ...head(node, usage, nowMs), usage: amounts(usage) }
}

/** The time and the window are those of its newest measurement. */
export function podMetrics(pod: Persisted<Pod>, { containers }: PodUsage, nowMs: number): PodMetrics {
  const newest = containers.reduce((a, b) => (b.atMs > a.atMs ? b : a))
  return {
    kind: 'PodMetrics',
    apiVersion: API_VERSION,
    ...head(pod, newest, nowMs),
    containers: containers.map(({ name, ...usage }) => ({ name, usage: amounts(usage) })),
  }
}

/** As the registry gives what it has stored; these are of no revision. */
export function metricsEntry(metrics: NodeMetrics | PodMetrics): Entry {
  const object = metrics as Persisted<NodeMetrics | PodMetrics>
  return { object, json: Buffer.from(JSON.stringify(metrics)), revision: 0 }
}

export function metricsList(items: readonly (NodeMetrics | PodMetrics)[]): EntryList {
  return { entries: items.map(metricsEntry), revision: 0 }
}

function head({ metadata }: Persisted<Node | Pod>, { atMs, windowMs }: Usage, nowMs: number) {
  const { name, namespace, labels } = metadata
  return {
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      creationTimestamp: timestamp(nowMs),
      ...(labels ? { labels } : {}),
    },
    timestamp: timestamp(atMs),
    window: `${windowMs / 1000}s`,
  }
}

function amounts({ cpuNanoCores, workingSetBytes }: Usage): Amounts {
  const cpu = cpuNanoCores === 0 ? '0' : `${cpuNanoCores}n`
  return { cpu, memory: `${Math.ceil(workingSetBytes / 1024)}Ki` }
}
