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

  validate({ spec }, errors) {
    const { leaseDurationSeconds: seconds, leaseTransitions, holderIdentity } = spec
    if (seconds !== undefined && seconds <= 0) {
      errors.invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')
    }
    errors.nonNegative('spec.leaseTransitions', leaseTransitions)
    if (holderIdentity === '') errors.invalid('spec.holderIdentity', holderIdentity, 'must not be empty')
  },
})
