import type { NodeStatus } from '../../../shared/api/generated/core-v1.ts'
import { NODES, type Node } from '../../../shared/api/kinds.ts'
import { parseMilli } from '../../../shared/quantity.ts'
import { isNativeResource } from '../../../shared/resource-names.ts'
import { validateTaints } from '../pods/taint-validation.ts'
import { strategy } from '../strategy.ts'
import { nodeColumns } from '../tables/node-columns.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const nodeStrategy = strategy<Node>({
  kind: NODES,
  nameRule: isDnsSubdomain,
  hasStatus: true,
  acceptsStatusOnCreate: true,
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable ?? false) },
  columns: nodeColumns,

  validate({ spec, status = {} }, errors) {
    validateTaints(spec.taints ?? [], 'spec.taints', errors)
    validateAmounts(status, errors)
  },

  validateUpdate({ spec }, current, errors) {
    for (const field of ['providerID', 'podCIDR'] as const) {
      if (!current.spec[field] || current.spec[field] === spec[field]) continue
      errors.forbidden(`spec.${field}`, `node updates may not change ${field} except from "" to valid`)
    }
  },

  validateStatusUpdate({ status = {} }, _current, errors) {
    validateAmounts(status, errors)
  },
})

function validateAmounts(status: NodeStatus, errors: FieldErrors): void {
  for (const field of ['capacity', 'allocatable'] as const) {
    for (const [name, amount] of Object.entries(status[field] ?? {})) {
      const milli = parseMilli(amount)
      const at = `status.${field}.${name}`
      if (milli < 0n) errors.invalid(at, amount, 'must be greater than or equal to 0')
      if ((name === 'pods' || !isNativeResource(name)) && milli % 1000n !== 0n) {
        errors.invalid(at, amount, 'must be an integer')
      }
    }
  }
}
