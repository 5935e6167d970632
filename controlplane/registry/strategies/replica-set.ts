import { REPLICA_SETS, type ReplicaSet } from '../../../shared/api/kinds.ts'
import { applyTemplateDefaults } from '../pods/pod-spec-defaults.ts'
import { strategy } from '../strategy.ts'
import { replicaSetColumns } from '../tables/workload-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const replicaSetStrategy = strategy<ReplicaSet>({
  kind: REPLICA_SETS,
  nameRule: isDnsSubdomain,
  hasStatus: true,
  generationFrom: ({ spec }) => spec,
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  columns: replicaSetColumns,

  prepareForCreate(replicaSet) {
    replicaSet.status = { replicas: 0 }
  },

  applyDefaults({ spec }) {
    spec.replicas ??= 1
    spec.template ??= {}
    applyTemplateDefaults(spec.template)
  },
})
