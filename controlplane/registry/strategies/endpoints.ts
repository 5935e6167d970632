import { ENDPOINTS, type Endpoints } from '../../../shared/api/kinds.ts'
import { validateSubsets } from '../services/endpoints-validation.ts'
import { strategy } from '../strategy.ts'
import { endpointsColumns } from '../tables/service-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const endpointsStrategy = strategy<Endpoints>({
  kind: ENDPOINTS,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  selectableFields: {},
  columns: endpointsColumns,

  applyDefaults({ subsets = [] }) {
    for (const { ports = [] } of subsets) for (const port of ports) port.protocol ||= 'TCP'
  },

  validate({ subsets = [] }, errors) {
    validateSubsets(subsets, 'subsets', errors)
  },
})
