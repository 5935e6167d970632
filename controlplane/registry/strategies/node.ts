import { isDeepStrictEqual } from 'node:util'
import type { NodeStatus } from '../../../shared/api/generated/core-v1.ts'
import { NODES, type Node } from '../../../shared/api/kinds.ts'
import { parseMilli } from '../../../shared/quantity.ts'
import { isNativeResource } from '../../../shared/resource-names.ts'
import { validateTaints } from '../pods/taint-validation.ts'
import { strategy } from '../strategy.ts'
import { nodeColumns } from '../tables/node-columns.ts'
import { isCidr } from '../validation/addresses.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const nodeStrategy = strategy<Node>({
  kind: NODES,
  nameRule: isDnsSubdomain,
  hasStatus: true,
  acceptsStatusOnCreate: true,
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec.unschedulable ?? false) },
  columns: nodeColumns,

  /** `podCIDR` is the first of `podCIDRs`; a client that knows it alone is believed. */
  applyDefaults({ spec }) {
    if (!spec.podCIDR) delete spec.podCIDR
    const [first] = spec.podCIDRs ?? []
    if (spec.podCIDR && spec.podCIDR !== first) spec.podCIDRs = [spec.podCIDR]
    else if (first) spec.podCIDR = first
  },

  validate({ spec, status = {} }, errors) {
    validateTaints(spec.taints ?? [], 'spec.taints', errors)
    validateRanges(spec.podCIDRs ?? [], 'spec.podCIDRs', errors)
    validateAmounts(status, errors)
  },

  validateUpdate({ spec }, current, errors) {
    const { providerID, podCIDRs = [] } = current.spec
    const why = (field: string) => `node updates may not change ${field} except from "" to valid`
    if (providerID && spec.providerID !== providerID) errors.forbidden('spec.providerID', why('providerID'))
    if (podCIDRs.length > 0 && !isDeepStrictEqual(spec.podCIDRs, podCIDRs)) {
      errors.forbidden('spec.podCIDRs', why('podCIDR'))
    }
  },

  validateStatusUpdate({ status = {} }, _current, errors) {
    validateAmounts(status, errors)
  },
})

/** One of each family. */
function validateRanges(ranges: readonly string[], path: string, errors: FieldErrors): void {
  for (const [index, range] of ranges.entries()) {
    errors.check(`${path}[${index}]`, range, isCidr)
    if (ranges.indexOf(range) < index) errors.duplicate(`${path}[${index}]`, range)
  }
  const sixes = ranges.filter((range) => range.includes(':')).length
  if (sixes <= 1 && ranges.length - sixes <= 1) return
  errors.invalid(path, ranges, 'may specify no more than one CIDR for each IP family')
}

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
