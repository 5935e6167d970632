import { SERVICES, type Service } from '../../../shared/api/kinds.ts'
import { applyFamilyDefaults } from '../services/address-families.ts'
import { serviceAllocation } from '../services/service-allocation.ts'
import { applyServiceDefaults } from '../services/service-defaults.ts'
import { dropTypeDependent, keepAllocated } from '../services/service-update.ts'
import { validateService, validateServiceStatus, validateServiceUpdate } from '../services/service-validation.ts'
import { serviceWarnings } from '../services/service-warnings.ts'
import { strategy } from '../strategy.ts'
import { serviceColumns } from '../tables/service-columns.ts'
import { isDns1035Label } from '../validation/names.ts'

export const serviceStrategy = strategy<Service>({
  kind: SERVICES,
  nameRule: isDns1035Label,
  hasStatus: true,
  isReturnedWhenGone: true,
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '',
    'spec.type': ({ spec }) => spec.type ?? '',
  },
  columns: serviceColumns,

  prepareForCreate(service) {
    const { spec } = service
    service.status = { loadBalancer: {} }
    if (spec.clusterIP && !spec.clusterIPs) spec.clusterIPs = [spec.clusterIP]
    applyFamilyDefaults(spec)
  },

  applyDefaults: applyServiceDefaults,

  prepareForUpdate(service, current) {
    keepAllocated(service.spec, current.spec)
    dropTypeDependent(service, current)
    applyFamilyDefaults(service.spec)
  },

  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: (service, _current, errors) => validateServiceStatus(service, errors),
  warnings: serviceWarnings,
  allocation: serviceAllocation,
})
