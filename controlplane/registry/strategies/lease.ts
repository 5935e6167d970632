import { LEASES, type Lease } from '../../../shared/api/kinds.ts'
import { strategy } from '../strategy.ts'
import { ageColumn, column, nameColumn } from '../tables/common-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const leaseStrategy = strategy<Lease>({
  kind: LEASES,
  nameRule: isDnsSubdomain,
  hasStatus: false,
  selectableFields: {},
  columns: [nameColumn, column('Holder', 'Who holds the lease.', ({ spec }) => spec.holderIdentity ?? ''), ageColumn],
})
