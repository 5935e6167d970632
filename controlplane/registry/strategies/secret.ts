import { SECRETS, type Secret } from '../../../shared/api/kinds.ts'
import { strategy } from '../strategy.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const secretStrategy = strategy<Secret>({
  kind: SECRETS,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  selectableFields: { type: ({ type }) => type ?? '' },
  columns: [],

  applyDefaults(secret) {
    mergeStringData(secret)
    secret.type ||= 'Opaque'
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
