import type { Kind } from '../../../shared/api/kinds.ts'
import type { TableColumn } from '../../registry/strategy.ts'
import { column, nameColumn } from '../../registry/tables/common-columns.ts'
import { METRICS_KINDS } from './metrics-kinds.ts'
import type { Amounts, NodeMetrics, PodMetrics } from './metrics-objects.ts'

const COLUMNS: readonly TableColumn<NodeMetrics | PodMetrics>[] = [
  nameColumn,
  column('cpu', 'How much of the processors it used.', (metrics) => `${sum(metrics, 'cpu', 'n')}`),
  column('memory', 'How much memory it held.', (metrics) => `${sum(metrics, 'memory', 'Ki')}`),
  column('Window', 'The time over which the use of processors was measured.', ({ window }) => window),
]

/** The columns of a kind of metrics; undefined for any other kind. */
export function metricsColumns(kind: Kind): readonly TableColumn[] | undefined {
  return METRICS_KINDS.includes(kind) ? (COLUMNS as readonly TableColumn[]) : undefined
}

/** Of all containers of a Pod; each is in that unit. */
function sum(metrics: NodeMetrics | PodMetrics, resource: keyof Amounts, unit: string): string {
  const usages = 'usage' in metrics ? [metrics.usage] : metrics.containers.map(({ usage }) => usage)
  const total = usages.reduce((amount, usage) => amount + Number.parseInt(usage[resource], 10), 0)
  return total === 0 ? '0' : `${total}${unit}`
}
