import { NODES, type Node } from '../../../shared/api/kinds.ts'
import { strategy } from '../strategy.ts'
import { nodeColumns } from '../tables/node-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const nodeStrategy = strategy<Node>({
  kind: NODES,
  nameRule: isDnsSubdomain,
  hasStatus: true,
  acceptsStatusOnCreate: true,
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable ?? false) },
  columns: nodeColumns,
})
