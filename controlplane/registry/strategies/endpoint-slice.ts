import { ENDPOINT_SLICES, type EndpointSlice } from '../../../shared/api/kinds.ts'
import { validateEndpointSlice } from '../services/endpoint-slice-validation.ts'
import { strategy } from '../strategy.ts'
import { endpointSliceColumns } from '../tables/service-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const endpointSliceStrategy = strategy<EndpointSlice>({
  kind: ENDPOINT_SLICES,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  selectableFields: {},
  columns: endpointSliceColumns,
  generationFrom: ({ endpoints, ports, metadata: { labels } }) => ({ endpoints, ports, labels }),

  applyDefaults({ ports = [] }) {
    for (const port of ports) {
      port.name ??= ''
      port.protocol ??= 'TCP'
    }
  },

  validate: validateEndpointSlice,

  validateUpdate({ addressType }, current, errors) {
    if (addressType !== current.addressType) errors.invalid('addressType', addressType, 'field is immutable')
  },
})
