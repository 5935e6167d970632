import { DEPLOYMENTS, type Deployment } from '../../../shared/api/kinds.ts'
import { applyTemplateDefaults } from '../pods/pod-spec-defaults.ts'
import { strategy } from '../strategy.ts'
import { deploymentColumns } from '../tables/workload-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'

export const deploymentStrategy = strategy<Deployment>({
  kind: DEPLOYMENTS,
  nameRule: isDnsSubdomain,
  hasStatus: true,
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
})
