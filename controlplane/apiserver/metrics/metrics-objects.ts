import type { Node, Pod } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { timestamp } from '../../../shared/clock.ts'
import type { PodUsage, Usage } from '../../../shared/protocol/usage-report.ts'

const API_VERSION = 'metrics.k8s.io/v1beta1'

export function nodeMetrics(node: Persisted<Node>, usage: Usage, nowMs: number): object {
  return { kind: 'NodeMetrics', apiVersion: API_VERSION, ...head(node, usage, nowMs), usage: amounts(usage) }
}

/** The time and the window are those of its newest measurement. */
export function podMetrics(pod: Persisted<Pod>, { containers }: PodUsage, nowMs: number): object {
  const newest = containers.reduce((a, b) => (b.atMs > a.atMs ? b : a))
  return {
    kind: 'PodMetrics',
    apiVersion: API_VERSION,
    ...head(pod, newest, nowMs),
    containers: containers.map(({ name, ...usage }) => ({ name, usage: amounts(usage) })),
  }
}

export function metricsList(kind: 'NodeMetricsList' | 'PodMetricsList', items: readonly object[]): object {
  return { kind, apiVersion: API_VERSION, metadata: {}, items }
}

function head({ metadata }: Persisted<Node | Pod>, { atMs, windowMs }: Usage, nowMs: number): object {
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

function amounts({ cpuNanoCores, workingSetBytes }: Usage): { cpu: string; memory: string } {
  const cpu = cpuNanoCores === 0 ? '0' : `${cpuNanoCores}n`
  return { cpu, memory: `${Math.ceil(workingSetBytes / 1024)}Ki` }
}
