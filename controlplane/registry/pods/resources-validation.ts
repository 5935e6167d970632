import type { ResourceRequirements } from '../../../shared/api/generated/core-v1.ts'
import { parseMilli } from '../../../shared/quantity.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isQualifiedName } from '../validation/names.ts'

const STANDARD = ['cpu', 'memory', 'ephemeral-storage']
const HUGE_PAGES = 'hugepages-'

export function validateResources(
  { limits = {}, requests = {} }: ResourceRequirements,
  path: string,
  errors: FieldErrors,
): void {
  validateAmounts(limits, `${path}.limits`, errors)
  validateAmounts(requests, `${path}.requests`, errors)
  for (const [name, request] of Object.entries(requests)) {
    const limit = Object.hasOwn(limits, name) ? limits[name] : undefined
    compare(name, request, limit, path, errors)
  }
}

function validateAmounts(amounts: Record<string, string>, path: string, errors: FieldErrors): void {
  for (const [name, amount] of Object.entries(amounts)) {
    const at = `${path}[${name}]`
    errors.check(at, name, isQualifiedName)
    if (!name.includes('/') && !STANDARD.includes(name) && !name.startsWith(HUGE_PAGES)) {
      errors.invalid(at, name, 'must be a standard resource for containers')
    }
    const milli = parseMilli(amount)
    if (milli < 0n) errors.invalid(at, amount, 'must be greater than or equal to 0')
    if (isCounted(name) && milli % 1000n !== 0n) errors.invalid(at, amount, 'must be an integer')
  }
}

/** Of what cannot be shared out twice, a container must ask for all that it may use. */
function compare(name: string, request: string, limit: string | undefined, path: string, errors: FieldErrors): void {
  const isShared = !isCounted(name) && !name.startsWith(HUGE_PAGES)
  if (limit === undefined) {
    if (!isShared) errors.required(`${path}.limits`, 'Limit must be set for non overcommitable resources')
    return
  }
  const difference = parseMilli(request) - parseMilli(limit)
  if (!isShared && difference !== 0n) {
    errors.invalid(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`)
  } else if (difference > 0n) {
    errors.invalid(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)
  }
}

/** Extended resources such as `example.com/gpu` come in whole pieces. */
function isCounted(name: string): boolean {
  return name.includes('/')
}
