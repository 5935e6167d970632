import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../../shared/api/generated/core-v1.ts'
import { podFieldPath } from '../../../shared/pod-field-path.ts'
import { parseMilli } from '../../../shared/quantity.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { isConfigKey, isDnsSubdomain, isEnvName, isQualifiedName } from '../validation/names.ts'

const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'] as const
const SOURCE_MISSING =
  'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
const CANNOT_CONVERT = 'error converting fieldPath'
const TOO_MANY_SOURCES = 'may not have more than one field specified at a time'

const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
/** What a reference can name at all; where it stands decides which of them it may. */
const POD_FIELDS = [
  ...ENV_FIELDS,
  ...['metadata.annotations', 'metadata.labels', 'spec.restartPolicy', 'spec.schedulerName', 'status.phase'],
]
const ONE_OF_A_MAP = /^(.+)\['([^']*)'\]$/
const RESOURCES = ['cpu', 'memory', 'ephemeral-storage']
  .flatMap((name) => [`limits.${name}`, `requests.${name}`])
  .sort()

const BYTES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((unit) => `1${unit}`)
const DIVISORS: Readonly<Record<string, { what: string; values: readonly string[]; listed: string }>> = {
  cpu: { what: 'cpu', values: ['1m', '1'], listed: '1m and 1' },
  memory: { what: 'memory', values: BYTES, listed: BYTES.join(', ') },
  'ephemeral-storage': { what: 'local ephemeral storage', values: BYTES, listed: BYTES.join(', ') },
}

export function validateEnv(variables: readonly EnvVar[], path: string, errors: FieldErrors): void {
  for (const [index, variable] of variables.entries()) {
    const at = `${path}[${index}]`
    if (!variable.name) errors.required(`${at}.name`)
    else errors.check(`${at}.name`, variable.name, isEnvName)
    if (variable.valueFrom) validateSource(variable, variable.valueFrom, `${at}.valueFrom`, errors)
  }
}

function validateSource({ value }: EnvVar, source: EnvVarSource, path: string, errors: FieldErrors): void {
  const given = SOURCES.filter((name) => source[name])
  if (given.length === 0) errors.invalid(path, '', SOURCE_MISSING)
  if (value && given.length > 0) errors.invalid(path, '', 'may not be specified when `value` is not empty')
  else if (given.length > 1) errors.invalid(path, '', TOO_MANY_SOURCES)
  if (source.fieldRef) validateFieldRef(source.fieldRef, ENV_FIELDS, `${path}.fieldRef`, errors)
  if (source.resourceFieldRef) validateResourceFieldRef(source.resourceFieldRef, `${path}.resourceFieldRef`, errors)
  for (const name of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const reference = source[name]
    if (reference) validateKeyRef(reference, `${path}.${name}`, errors)
  }
}

function validateKeyRef({ name, key }: { name?: string; key: string }, path: string, errors: FieldErrors): void {
  errors.check(`${path}.name`, name ?? '', isDnsSubdomain)
  if (!key) errors.required(`${path}.key`)
  else errors.check(`${path}.key`, key, isConfigKey)
}

/** A field of the Pod itself: one of `fields`, or one label or annotation. */
export function validateFieldRef(
  { apiVersion = 'v1', fieldPath }: ObjectFieldSelector,
  fields: readonly string[],
  path: string,
  errors: FieldErrors,
): void {
  const at = `${path}.fieldPath`
  const field = podFieldPath(fieldPath)
  const [, map, key] = ONE_OF_A_MAP.exec(fieldPath) ?? []
  if (!fieldPath) errors.required(at)
  else if (apiVersion !== 'v1')
    errors.invalid(at, fieldPath, `${CANNOT_CONVERT}: unsupported pod version: ${apiVersion}`)
  else if (map === 'metadata.labels' && key !== undefined) errors.check(path, key, isQualifiedName)
  else if (map === 'metadata.annotations' && key !== undefined) errors.check(path, key.toLowerCase(), isQualifiedName)
  else if (map) errors.invalid(at, fieldPath, `${CANNOT_CONVERT}: field label does not support subscript: ${fieldPath}`)
  else if (!POD_FIELDS.includes(field)) {
    errors.invalid(at, fieldPath, `${CANNOT_CONVERT}: field label not supported: ${fieldPath}`)
  } else if (!fields.includes(field)) errors.notSupported(at, field, fields)
}

export function validateResourceFieldRef(
  { resource, divisor }: ResourceFieldSelector,
  path: string,
  errors: FieldErrors,
): void {
  if (!resource) errors.required(`${path}.resource`)
  else if (!RESOURCES.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) {
    errors.notSupported(`${path}.resource`, resource, RESOURCES)
  } else validateDivisor(resource, divisor ?? '0', `${path}.divisor`, errors)
}

/** Zero counts as not given. */
function validateDivisor(resource: string, divisor: string, path: string, errors: FieldErrors): void {
  const allowed = DIVISORS[resource.replace(/^(limits|requests)\./, '')]
  const amount = parseMilli(divisor)
  if (!allowed || amount === 0n || allowed.values.some((value) => parseMilli(value) === amount)) return
  errors.invalid(
    path,
    resource,
    `only divisor's values ${allowed.listed} are supported with the ${allowed.what} resource`,
  )
}

export function validateEnvFrom(sources: readonly EnvFromSource[], path: string, errors: FieldErrors): void {
  for (const [index, { prefix, configMapRef, secretRef }] of sources.entries()) {
    const at = `${path}[${index}]`
    if (prefix) errors.check(`${at}.prefix`, prefix, isEnvName)
    if (!configMapRef && !secretRef) errors.invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`')
    if (configMapRef && secretRef) errors.invalid(at, '', TOO_MANY_SOURCES)
    if (configMapRef) validateName(configMapRef.name, `${at}.configMapRef.name`, errors)
    if (secretRef) validateName(secretRef.name, `${at}.secretRef.name`, errors)
  }
}

function validateName(name: string | undefined, path: string, errors: FieldErrors): void {
  if (name) errors.check(path, name, isDnsSubdomain)
  else errors.required(path)
}
