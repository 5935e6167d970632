import type { Container, PodTemplateSpec } from '../../../shared/api/generated/core-v1.ts'
import type { Deployment, ReplicaSet } from '../../../shared/api/kinds.ts'
import { formatLabelSelector } from '../../../shared/format-label-selector.ts'
import type { TableColumn } from '../strategy.ts'
import { ageColumn, column, countColumn, nameColumn, wideColumn } from './common-columns.ts'

type Workload = Deployment | ReplicaSet

const templateColumns: readonly TableColumn<Workload>[] = [
  wideColumn('Containers', "The names of the template's containers.", (workload) =>
    eachContainer(workload.spec.template, ({ name }) => name),
  ),
  wideColumn('Images', "The images of the template's containers.", (workload) =>
    eachContainer(workload.spec.template, ({ image }) => image ?? ''),
  ),
  wideColumn('Selector', 'Which Pods belong to it.', ({ spec }) => formatLabelSelector(spec.selector) || '<none>'),
]

export const deploymentColumns: readonly TableColumn<Deployment>[] = [
  nameColumn,
  column('Ready', 'How many of the wanted Pods are ready.', ({ spec, status }) =>
    [status?.readyReplicas ?? 0, spec.replicas ?? 0].join('/'),
  ),
  column('Up-to-date', 'How many Pods have the newest template.', ({ status }) => status?.updatedReplicas ?? 0),
  column('Available', 'How many Pods have been ready for long enough.', ({ status }) => status?.availableReplicas ?? 0),
  ageColumn,
  ...templateColumns,
]

export const replicaSetColumns: readonly TableColumn<ReplicaSet>[] = [
  nameColumn,
  countColumn('Desired', 'How many Pods are wanted.', ({ spec }) => spec.replicas ?? 0),
  countColumn('Current', 'How many Pods there are.', ({ status }) => status?.replicas ?? 0),
  countColumn('Ready', 'How many Pods are ready.', ({ status }) => status?.readyReplicas ?? 0),
  ageColumn,
  ...templateColumns,
]

function eachContainer(template: PodTemplateSpec | undefined, show: (container: Container) => string): string {
  return (template?.spec?.containers ?? []).map(show).join(',')
}
