import type { PodSpec, Toleration } from '../../../shared/api/generated/core-v1.ts'
import { SYSTEM_PRIORITY_CLASSES } from '../../../shared/pod-fields/pod-spec-support.ts'
import type { FieldErrors } from '../validation/field-errors.ts'

/** Of both classes, and of a Pod without one. */
const PREEMPTION_POLICY = 'PreemptLowerPriority'
const NODE_TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** What Kubernetes' admission plugins (Priority, DefaultTolerationSeconds) settle for a new Pod. */
export function admitPod(spec: PodSpec, defaultTolerationSeconds: number): void {
  spec.priority ??= priorityOf(spec)
  spec.preemptionPolicy ??= PREEMPTION_POLICY
  for (const key of NODE_TAINTS) tolerateForAWhile(spec, key, defaultTolerationSeconds)
}

/** What its class makes of a Pod; 0 without one. */
export function priorityOf({ priorityClassName = '' }: PodSpec): number {
  return SYSTEM_PRIORITY_CLASSES[priorityClassName] ?? 0
}

/** Both are the class's to say. */
export function validatePriority(spec: PodSpec, errors: FieldErrors): void {
  const computed = (value: number | string) =>
    `must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`
  const { priority, preemptionPolicy } = spec
  if (priority !== priorityOf(spec)) {
    errors.forbidden('spec.priority', `the integer value of priority (${priority}) ${computed(priorityOf(spec))}`)
  }
  if (preemptionPolicy !== PREEMPTION_POLICY) {
    const given = `the string value of PreemptionPolicy (${preemptionPolicy})`
    errors.forbidden('spec.preemptionPolicy', `${given} ${computed(PREEMPTION_POLICY)}`)
  }
}

function tolerateForAWhile(spec: PodSpec, key: string, tolerationSeconds: number): void {
  const isSaid = spec.tolerations?.some(
    (toleration) => (toleration.key === key || !toleration.key) && isForEviction(toleration),
  )
  if (isSaid) return
  const toleration = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }
  spec.tolerations = [...(spec.tolerations ?? []), toleration]
}

function isForEviction({ effect }: Toleration): boolean {
  return effect === 'NoExecute' || !effect
}
