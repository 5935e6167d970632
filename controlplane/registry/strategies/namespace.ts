import { NAMESPACES, type Namespace } from '../../../shared/api/kinds.ts'
import { isImmortal } from '../namespaces.ts'
import { strategy } from '../strategy.ts'
import { ageColumn, column, nameColumn } from '../tables/common-columns.ts'
import { isDnsLabel } from '../validation/names.ts'

/** Taken off by the namespace controller once nothing is left inside. */
const KUBERNETES_FINALIZER = 'kubernetes'
/** They say to which of the Pod Security Standards a namespace's Pods are held; `privileged` allows all. */
const POD_SECURITY_LABELS = ['enforce', 'audit', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}`)
const NO_POD_SECURITY = 'there is no Pod Security admission yet: no Pod is refused or warned of for it'
const NAME_LABEL = 'kubernetes.io/metadata.name'

export const namespaceStrategy = strategy<Namespace>({
  kind: NAMESPACES,
  nameRule: isDnsLabel,
  hasStatus: true,
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '' },
  columns: [
    nameColumn,
    column('Status', 'Active, or Terminating while it is emptied.', ({ status }) => status?.phase ?? ''),
    ageColumn,
  ],

  prepareForCreate(namespace) {
    namespace.status = { phase: 'Active' }
    const finalizers = namespace.spec?.finalizers ?? []
    if (!finalizers.includes(KUBERNETES_FINALIZER)) finalizers.push(KUBERNETES_FINALIZER)
    namespace.spec = { finalizers }
  },

  prepareForUpdate(namespace, current) {
    namespace.spec = current.spec
  },

  applyDefaults({ metadata }) {
    if (metadata.name) metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name }
  },

  warnings: ({ metadata }) =>
    POD_SECURITY_LABELS.filter((label) => (metadata.labels?.[label] ?? 'privileged') !== 'privileged').map(
      (label) => `metadata.labels[${label}]: ${NO_POD_SECURITY}`,
    ),

  whyUndeletable: (name) => (isImmortal(name) ? 'this namespace may not be deleted' : undefined),
})
