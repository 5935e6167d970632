import { SECRETS, type Secret } from '../../../shared/api/kinds.ts'
import { strategy } from '../strategy.ts'
import { ageColumn, column, countColumn, nameColumn } from '../tables/common-columns.ts'
import type { FieldErrors } from '../validation/field-errors.ts'
import { DATA_MAX_BYTES, validateImmutable, validateKeys } from '../validation/key-data.ts'
import { isDnsSubdomain } from '../validation/names.ts'

const SERVICE_ACCOUNT = 'kubernetes.io/service-account.name'

/** The keys that a Secret of some type must have. */
const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}

export const secretStrategy = strategy<Secret>({
  kind: SECRETS,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  selectableFields: { type: ({ type }) => type ?? '' },
  columns: [
    nameColumn,
    column('Type', 'What the secret is for.', ({ type }) => type ?? ''),
    countColumn('Data', 'How many keys it has.', ({ data = {} }) => Object.keys(data).length),
    ageColumn,
  ],

  applyDefaults(secret) {
    mergeStringData(secret)
    secret.type ||= 'Opaque'
  },

  validate(secret, errors) {
    validateKeys(secret.data, 'data', errors)
    if (sizeOf(secret) > DATA_MAX_BYTES) errors.tooLong('data', DATA_MAX_BYTES)
    validateType(secret, errors)
  },

  validateUpdate(secret, current, errors) {
    if (secret.type !== current.type) errors.invalid('type', secret.type, 'field is immutable')
    validateImmutable(secret, current, ['data'], errors)
  },
})

/** `stringData` is a way to write `data`; it is never kept. */
function mergeStringData(secret: Secret): void {
  const written = Object.entries(secret.stringData ?? {})
  delete secret.stringData
  if (written.length === 0) return
  const encoded = written.map(([key, text]) => [key, Buffer.from(text).toString('base64')])
  secret.data = Object.fromEntries([...Object.entries(secret.data ?? {}), ...encoded])
}

function validateType({ type = '', data = {}, metadata }: Secret, errors: FieldErrors): void {
  const required = Object.hasOwn(REQUIRED_KEYS, type) ? REQUIRED_KEYS[type] : undefined
  for (const key of required ?? []) {
    if (!Object.hasOwn(data, key)) errors.required(`data[${key}]`)
    else if (key.startsWith('.docker')) validateJson(data[key] ?? '', `data[${key}]`, errors)
  }
  if (type === 'kubernetes.io/basic-auth' && !Object.hasOwn(data, 'username') && !Object.hasOwn(data, 'password')) {
    errors.required('data[username]')
    errors.required('data[password]')
  }
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[SERVICE_ACCOUNT]) {
    errors.required(`metadata.annotations[${SERVICE_ACCOUNT}]`)
  }
}

/** Never says what it found: it is a secret. */
function validateJson(base64: string, path: string, errors: FieldErrors): void {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString())
  } catch {
    errors.invalid(path, '<secret contents redacted>', 'it is not valid JSON')
  }
}

function sizeOf({ data = {} }: Secret): number {
  return Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text, 'base64'), 0)
}
