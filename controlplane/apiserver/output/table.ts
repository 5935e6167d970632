import type { Entry } from '../../registry/registry.ts'
import { strategyOf } from '../../registry/strategies/index.ts'
import { metricsColumns } from '../metrics/metrics-columns.ts'
import { partialMetadata } from './partial-metadata.ts'
import type { Rendering } from './rendering.ts'

export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: string
  readonly metadata: object
  readonly columnDefinitions: readonly object[]
  readonly rows: readonly Row[]
}

interface Row {
  readonly cells: readonly (string | number | boolean)[]
  readonly object?: object
}

type Shown = Pick<Entry, 'object'>

/** The rows that `kubectl get` prints, made by these columns, or by those of the kind's strategy. */
export function tableOf(
  rendering: Rendering,
  version: string,
  entries: readonly Shown[],
  metadata: object,
  columns = metricsColumns(rendering.kind) ?? strategyOf(rendering.kind).columns,
): Table {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: columns.map(({ name, type, format, description, priority }) => {
      return { name, type, format: format ?? '', description, priority }
    }),
    rows: entries.map((entry) => ({
      cells: columns.map((column) => column.cell(entry.object, rendering.nowMs)),
      ...rowObject(rendering, version, entry),
    })),
  }
}

function rowObject({ includeObject }: Rendering, version: string, entry: Shown): { object?: object } {
  switch (includeObject) {
    case 'None':
      return {}
    case 'Metadata':
      return { object: partialMetadata(entry, version) }
    case 'Object':
      return { object: entry.object }
  }
}
