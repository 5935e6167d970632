import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'

/** By the Pod's restartPolicy. An init container that succeeded is never run again in the same sandbox. */
export function isRestartedAfter(pod: Pod, exitCode: number, isInit: boolean): boolean {
  switch (pod.spec?.restartPolicy ?? 'Always') {
    case 'Never':
      return false
    case 'OnFailure':
      return exitCode !== 0
    default:
      return !isInit || exitCode !== 0
  }
}

export function isInitContainer(pod: Pod, container: Pick<Container, 'name'>): boolean {
  return pod.spec?.initContainers?.some(({ name }) => name === container.name) ?? false
}

/** It ran once, says the API, and the runtime shows nothing of it any more. Under `Never` that was its only chance. */
export function isLost(pod: Pod, name: string): boolean {
  const before = pod.status?.containerStatuses?.find((status) => status.name === name)
  return pod.spec?.restartPolicy === 'Never' && Boolean(before?.containerID)
}
