import type { ContainerResizePolicy, ResourceRequirements } from '../../../shared/api/generated/core-v1.ts'
import { parseMilli } from '../../../shared/quantity.ts'
import { isHugePages, isNativeResource, isOvercommitAllowed } from '../../../shared/resource-names.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isQualifiedName } from '../validation/names.ts'

type Amounts = Readonly<Record<string, string>>

const CONTAINER_RESOURCES = ['cpu', 'memory', 'ephemeral-storage']
/** Names that Kubernetes knows, but not as something that a container asks for. */
const QUOTA_RESOURCES = [
  ...['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps', 'storage'],
  ...['persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers', 'requests.storage'],
  ...CONTAINER_RESOURCES.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
]
const RESIZABLE = ['cpu', 'memory']
const RESIZE_RESTART_POLICIES = ['NotRequired', 'RestartContainer']

export function validateResources(
  { limits = {}, requests = {} }: ResourceRequirements,
  path: string,
  errors: FieldErrors,
): void {
  validateAmounts(limits, `${path}.limits`, errors)
  validateAmounts(requests, `${path}.requests`, errors)
  for (const [name, request] of Object.entries(requests)) {
    compare(name, request, Object.hasOwn(limits, name) ? limits[name] : undefined, path, errors)
  }
  const names = Object.keys({ ...limits, ...requests })
  if (names.some(isHugePages) && !names.some((name) => RESIZABLE.includes(name))) {
    errors.forbidden(path, 'HugePages require cpu or memory')
  }
}

/** Which changes of a container's resources need its restart. */
export function validateResizePolicy(
  policies: readonly ContainerResizePolicy[],
  podRestartPolicy: string | undefined,
  path: string,
  errors: FieldErrors,
): void {
  const seen = new Set<string>()
  for (const [index, { resourceName, restartPolicy }] of policies.entries()) {
    if (seen.has(resourceName)) errors.duplicate(`${path}[${index}]`, resourceName)
    seen.add(resourceName)
    if (!RESIZABLE.includes(resourceName)) errors.notSupported(path, resourceName, RESIZABLE)
    errors.oneOf(path, restartPolicy, RESIZE_RESTART_POLICIES)
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.invalid(path, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'")
    }
  }
}

function validateAmounts(amounts: Amounts, path: string, errors: FieldErrors): void {
  for (const [name, amount] of Object.entries(amounts)) {
    const at = `${path}[${name}]`
    for (const why of nameFaults(name)) errors.invalid(at, name, why)
    const milli = parseMilli(amount)
    if (milli < 0n) errors.invalid(at, amount, 'must be greater than or equal to 0')
    if (!isNativeResource(name) && milli % 1000n !== 0n) errors.invalid(at, amount, 'must be an integer')
    if (isHugePages(name) && !isMultipleOfPage(name, milli)) {
      errors.invalid(at, amount, `${amount} is not positive integer multiple of ${name}`)
    }
  }
}

function nameFaults(name: string): string[] {
  const faults = isQualifiedName(name)
  if (name.includes('/')) {
    const isOdd =
      !isNativeResource(name) && (name.startsWith('requests.') || isQualifiedName(`requests.${name}`).length > 0)
    return isOdd ? [...faults, "doesn't follow extended resource name standard"] : faults
  }
  if (CONTAINER_RESOURCES.includes(name) || isHugePages(name)) return faults
  const isKnown = faults.length > 0 || QUOTA_RESOURCES.includes(name) || name.startsWith('requests.hugepages-')
  return [
    ...faults,
    ...(isKnown ? [] : ['must be a standard resource type or fully qualified']),
    'must be a standard resource for containers',
  ]
}

function isMultipleOfPage(name: string, milli: bigint): boolean {
  try {
    const page = parseMilli(name.slice('hugepages-'.length))
    return page > 0n && milli % page === 0n
  } catch {
    return false
  }
}

/** Of what cannot be shared out twice, a container must ask for all that it may use. */
function compare(name: string, request: string, limit: string | undefined, path: string, errors: FieldErrors): void {
  const isShared = isOvercommitAllowed(name)
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
