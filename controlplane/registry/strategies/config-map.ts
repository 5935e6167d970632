import { CONFIG_MAPS, type ConfigMap } from '../../../shared/api/kinds.ts'
import { strategy } from '../strategy.ts'
import { ageColumn, countColumn, nameColumn } from '../tables/common-columns.ts'
import { DATA_MAX_BYTES, validateImmutable, validateKeys } from '../validation/key-data.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const configMapStrategy = strategy<ConfigMap>({
  kind: CONFIG_MAPS,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  selectableFields: {},
  columns: [nameColumn, countColumn('Data', 'How many keys it has.', (object) => keysOf(object).length), ageColumn],

  validate(configMap, errors) {
    const { data = {}, binaryData = {} } = configMap
    validateKeys(data, 'data', errors)
    validateKeys(binaryData, 'binaryData', errors)
    for (const key of Object.keys(data)) {
      if (Object.hasOwn(binaryData, key)) errors.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')
    }
    if (sizeOf(configMap) > DATA_MAX_BYTES) errors.tooLong('[]', DATA_MAX_BYTES)
  },

  validateUpdate(configMap, current, errors) {
    validateImmutable(configMap, current, ['data', 'binaryData'], errors)
  },
})

function keysOf({ data = {}, binaryData = {} }: ConfigMap): string[] {
  return [...Object.keys(data), ...Object.keys(binaryData)]
}

function sizeOf({ data = {}, binaryData = {} }: ConfigMap): number {
  const texts = Object.values(data).map((text) => Buffer.byteLength(text))
  const binaries = Object.values(binaryData).map((text) => Buffer.byteLength(text, 'base64'))
  return [...texts, ...binaries].reduce((sum, bytes) => sum + bytes, 0)
}
