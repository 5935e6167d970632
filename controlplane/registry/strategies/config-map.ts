import { CONFIG_MAPS, type ConfigMap } from '../../../shared/api/kinds.ts'
import { strategy } from '../strategy.ts'
import { ageColumn, countColumn, nameColumn } from '../tables/common-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const configMapStrategy = strategy<ConfigMap>({
  kind: CONFIG_MAPS,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  selectableFields: {},
  columns: [
    nameColumn,
    countColumn(
      'Data',
      'How many keys it has.',
      ({ data = {}, binaryData = {} }) => Object.keys({ ...data, ...binaryData }).length,
    ),
    ageColumn,
  ],
})
