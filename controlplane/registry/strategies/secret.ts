import { SECRETS, type Secret } from '../../../shared/api/kinds.ts'
import { strategy } from '../strategy.ts'
import { ageColumn, column, countColumn, nameColumn } from '../tables/common-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'

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
})

/** `stringData` is a way to write `data`; it is never kept. */
function mergeStringData(secret: Secret): void {
  const written = Object.entries(secret.stringData ?? {})
  delete secret.stringData
  if (written.length === 0) return
  const encoded = written.map(([key, text]) => [key, Buffer.from(text).toString('base64')])
  secret.data = Object.fromEntries([...Object.entries(secret.data ?? {}), ...encoded])
}
