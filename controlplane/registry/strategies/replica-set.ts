import { REPLICA_SETS, type ReplicaSet } from '../../../shared/api/kinds.ts'
import { applyTemplateDefaults } from '../pods/pod-spec-defaults.ts'
import { nameWarnings, podWarnings } from '../pods/pod-warnings.ts'
import { strategy } from '../strategy.ts'
import { replicaSetColumns } from '../tables/workload-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'
import { validateWorkload, validateWorkloadUpdate } from '../workloads/workload-validation.ts'

const COUNTS = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'] as const

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

  validate({ spec }, errors) {
    validateWorkload(spec, errors)
  },

  warnings: ({ metadata, spec }) => [
    ...nameWarnings(metadata.name, 'Pod names and hostnames'),
    ...podWarnings(spec.template, 'spec.template.'),
  ],

  validateUpdate({ spec }, current, errors) {
    validateWorkloadUpdate(spec, current.spec, errors)
  },

  validateStatusUpdate({ status }, _current, errors) {
    const { replicas = 0, readyReplicas = 0, ...counts } = status ?? {}
    const numbers = { replicas, readyReplicas, ...counts }
    for (const field of COUNTS) errors.nonNegative(`status.${field}`, numbers[field])
    for (const field of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
      const count = numbers[field] ?? 0
      if (count > replicas) errors.invalid(`status.${field}`, count, 'cannot be greater than status.replicas')
    }
    const { availableReplicas = 0 } = numbers
    if (availableReplicas > readyReplicas) {
      errors.invalid('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas')
    }
  },
})
