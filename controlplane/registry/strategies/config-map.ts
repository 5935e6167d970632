import { CONFIG_MAPS, type ConfigMap } from '../../../shared/api/kinds.ts'
import { strategy } from '../strategy.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const configMapStrategy = strategy<ConfigMap>({
  kind: CONFIG_MAPS,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  selectableFields: {},
  columns: [],
})
