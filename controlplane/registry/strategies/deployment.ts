import { DEPLOYMENTS, type Deployment } from '../../../shared/api/kinds.ts'
import { applyTemplateDefaults } from '../pods/pod-spec-defaults.ts'
import { nameWarnings, podWarnings } from '../pods/pod-warnings.ts'
import { strategy } from '../strategy.ts'
import { deploymentColumns } from '../tables/workload-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'
import { validateDeploymentStrategy } from '../workloads/deployment-strategy-validation.ts'
import { validateWorkload, validateWorkloadUpdate } from '../workloads/workload-validation.ts'

const COUNTS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'collisionCount',
] as const

export const deploymentStrategy = strategy<Deployment>({
  kind: DEPLOYMENTS,
  nameRule: isDnsSubdomain,
  hasStatus: true,
  // The controller keeps the revision there, which is nobody's wish.
  statusCarriesAnnotations: true,
  // Annotations count too: the controller copies them to ReplicaSets, so they must be observed.
  generationFrom: ({ spec, metadata }) => [spec, metadata.annotations ?? {}],
  selectableFields: {},
  columns: deploymentColumns,

  prepareForCreate(deployment) {
    deployment.status = {}
  },

  applyDefaults({ spec }) {
    spec.replicas ??= 1
    spec.strategy ??= {}
    spec.strategy.type ||= 'RollingUpdate'
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...spec.strategy.rollingUpdate }
    }
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
    applyTemplateDefaults(spec.template)
  },

  validate({ spec }, errors) {
    validateWorkload(spec, errors)
    if (spec.strategy) validateDeploymentStrategy(spec.strategy, 'spec.strategy', errors)
    errors.nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit)
    const deadline = spec.progressDeadlineSeconds
    errors.nonNegative('spec.progressDeadlineSeconds', deadline)
    if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
      errors.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')
    }
  },

  warnings: ({ metadata, spec }) => [
    ...nameWarnings(metadata.name, 'Pod names and hostnames'),
    ...podWarnings(spec.template, 'spec.template.'),
  ],

  validateUpdate({ spec }, current, errors) {
    validateWorkloadUpdate(spec, current.spec, errors)
  },

  validateStatusUpdate({ status = {} }, current, errors) {
    for (const field of COUNTS) errors.nonNegative(`status.${field}`, status[field])
    const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
    for (const field of ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const) {
      const count = status[field] ?? 0
      if (count > replicas) errors.invalid(`status.${field}`, count, 'cannot be greater than status.replicas')
    }
    if (availableReplicas > readyReplicas) {
      errors.invalid('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas')
    }
    const { collisionCount = 0 } = status
    if (collisionCount < (current.status?.collisionCount ?? 0)) {
      errors.invalid('status.collisionCount', collisionCount, 'cannot be decremented')
    }
  },
})
