import type { PodSpec } from '../../../shared/api/generated/core-v1.ts'
import { PODS, type Pod } from '../../../shared/api/kinds.ts'
import { podDeletionCost } from '../../../shared/pod-deletion-cost.ts'
import { isFinalPhase } from '../../../shared/pod-phase.ts'
import { qosClassOf } from '../../../shared/qos-class.ts'
import {
  applyAppArmorAnnotations,
  validateAppArmorAnnotations,
  validateAppArmorUnchanged,
} from '../pods/app-armor-annotations.ts'
import { applyPodOnlyDefaults, applyPodSpecDefaults, nameServiceAccount } from '../pods/pod-spec-defaults.ts'
import { validateDeletionCost, validatePodSpec } from '../pods/pod-spec-validation.ts'
import { validatePodUpdate } from '../pods/pod-update-validation.ts'
import { nameWarnings, podWarnings } from '../pods/pod-warnings.ts'
import { tolerateLostNodes } from '../pods/tolerate-lost-nodes.ts'
import { admitPriority } from '../priority/pod-priority.ts'
import { strategy } from '../strategy.ts'
import { podColumns } from '../tables/pod-columns.ts'
import { isDnsSubdomain } from '../validation/names.ts'

const ANNOTATIONS = 'metadata.annotations'

const nodeName = ({ spec }: Pod): string => spec.nodeName ?? ''

export const podStrategy = strategy<Pod>({
  kind: PODS,
  nameRule: isDnsSubdomain,
  hasStatus: true,
  isReturnedWhenGone: true,
  generationFrom: ({ spec }) => spec,
  selectableFields: {
    'spec.nodeName': nodeName,
    // As the first clients of v1 call it.
    'spec.host': nodeName,
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIP ?? '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
  columns: podColumns,

  prepareForCreate(pod, context) {
    applyDefaults(pod)
    nameServiceAccount(pod.spec)
    applyAppArmorAnnotations(pod.spec, pod.metadata.annotations)
    tolerateLostNodes(pod.spec, context.nodeLossTolerance)
    pod.status = { phase: 'Pending', qosClass: qosClassOf(pod.spec) }
  },

  admit: admitPriority,

  applyDefaults,

  prepareForUpdate(pod, current, context) {
    keepAdmitted(pod.spec, current.spec)
    tolerateLostNodes(pod.spec, context.nodeLossTolerance)
  },

  prepareForStatusUpdate(pod, { status: before }) {
    const qosClass = pod.status?.qosClass || before?.qosClass
    if (qosClass) pod.status = { ...pod.status, qosClass }
  },

  validate(pod, errors) {
    validatePodSpec(pod.spec, 'spec', errors)
    validateAppArmorAnnotations(pod.spec, 'spec', pod.metadata.annotations, ANNOTATIONS, errors)
  },

  validateCreate(pod, errors) {
    const { ephemeralContainers, nodeName, schedulingGates } = pod.spec
    validateDeletionCost(pod.metadata.annotations, ANNOTATIONS, errors)
    if (ephemeralContainers?.length) errors.forbidden('spec.ephemeralContainers', 'cannot be set on create')
    if (nodeName && schedulingGates?.length) {
      errors.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared')
    }
  },

  warnings: (pod) => [...nameWarnings(pod.metadata.name, "the Pod's hostname"), ...podWarnings(pod, '')],

  validateUpdate(pod, current, errors) {
    validatePodUpdate(pod.spec, current.spec, errors)
    const wasValid = podDeletionCost(current.metadata.annotations) !== undefined
    if (wasValid) validateDeletionCost(pod.metadata.annotations, ANNOTATIONS, errors)
    validateAppArmorUnchanged(pod.metadata.annotations, current.metadata.annotations, errors)
  },

  validateStatusUpdate({ status }, current, errors) {
    if (status?.qosClass === current.status?.qosClass) return
    errors.invalid('status.qosClass', status?.qosClass, 'field is immutable')
  },

  graceSeconds({ spec, status }, requested) {
    if (!spec.nodeName || isFinalPhase(status?.phase)) return 0
    const seconds = requested ?? spec.terminationGracePeriodSeconds ?? 0
    return seconds < 0 ? 1 : seconds
  },
})

/** Whoever writes a Pod without them means no change. */
function keepAdmitted(spec: PodSpec, { priority, preemptionPolicy, serviceAccountName }: PodSpec): void {
  if (priority !== undefined) spec.priority ??= priority
  if (preemptionPolicy !== undefined) spec.preemptionPolicy ??= preemptionPolicy
  if (serviceAccountName && !spec.serviceAccountName) spec.serviceAccountName = spec.serviceAccount = serviceAccountName
}

function applyDefaults({ spec }: Pod): void {
  applyPodSpecDefaults(spec)
  applyPodOnlyDefaults(spec)
}
