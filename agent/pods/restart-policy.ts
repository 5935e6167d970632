import type { Container, ContainerRestartRule, Pod } from '../../shared/api/generated/core-v1.ts'

/**
 * Whether a container that ended so is started again: by its own `restartPolicyRules`, else by its own restartPolicy,
 * else by the Pod's. An init container that succeeded is never run again in the same sandbox, unless it is a sidecar.
 */
export function isRestartedAfter(pod: Pod, container: Container, exitCode: number): boolean {
  if (exitCode === 0 && isInitContainer(pod, container) && !isSidecar(pod, container)) return false
  if (container.restartPolicyRules?.some((rule) => isRestartAsked(rule, exitCode))) return true
  switch (container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always') {
    case 'Never':
      return false
    case 'OnFailure':
      return exitCode !== 0
    default:
      return true
  }
}

export function isInitContainer(pod: Pod, { name }: Pick<Container, 'name'>): boolean {
  return pod.spec?.initContainers?.some((container) => container.name === name) ?? false
}

/** An init container that runs beside the others for as long as the Pod does. */
export function isSidecar(pod: Pod, { name }: Pick<Container, 'name'>): boolean {
  return pod.spec?.initContainers?.some((other) => other.name === name && other.restartPolicy === 'Always') ?? false
}

/** It ran once, says the API, and the runtime shows nothing of it any more. Under `Never` that was its only chance. */
export function isLost(pod: Pod, { name, restartPolicy }: Pick<Container, 'name' | 'restartPolicy'>): boolean {
  const { containerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {}
  const before = [...containerStatuses, ...ephemeralContainerStatuses].find((status) => status.name === name)
  return (restartPolicy ?? pod.spec?.restartPolicy) === 'Never' && Boolean(before?.containerID)
}

function isRestartAsked({ action, exitCodes }: ContainerRestartRule, exitCode: number): boolean {
  if (action !== 'Restart' || !exitCodes) return false
  const isListed = exitCodes.values?.includes(exitCode) ?? false
  return exitCodes.operator === 'In' ? isListed : exitCodes.operator === 'NotIn' && !isListed
}
