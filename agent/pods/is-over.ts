import type { Container } from '../../shared/api/generated/core-v1.ts'
import { isReplacing } from './container-actions.ts'
import type { PodSituation } from './pod-actions.ts'
import { attemptsOf, isExited } from './pod-observation.ts'
import { isLost, isRestartedAfter } from './restart-policy.ts'

type Seen = Pick<PodSituation, 'pod' | 'observed' | 'memory'>

/** Nothing of the Pod is ever to be started again, sidecars neither: they have nothing left to serve. */
export function isOver(seen: Seen): boolean {
  return areAllDone(seen) || hasFailedInit(seen)
}

/** No main container runs or is ever to run again. */
export function areAllDone(seen: Seen): boolean {
  const { containers = [] } = seen.pod.spec ?? {}
  const isDone = (container: Container) => {
    const isGone = attemptsOf(seen.observed, container.name).length === 0
    return isGone ? isLost(seen.pod, container) : hasEnded(seen, container)
  }
  return containers.length > 0 && containers.every(isDone)
}

/** An init container failed that is not tried again: the Pod is not going to begin. */
export function hasFailedInit(seen: Seen): boolean {
  return (seen.pod.spec?.initContainers ?? []).some((container) => {
    const latest = attemptsOf(seen.observed, container.name)[0]
    return isExited(latest) && latest.state.exitCode !== 0 && hasEnded(seen, container)
  })
}

/** For good: not to be started again, nor ended to make way for a new definition. */
export function hasEnded({ pod, observed, memory }: Seen, container: Container): boolean {
  const latest = attemptsOf(observed, container.name)[0]
  if (!isExited(latest) || isReplacing(memory.stopping.get(latest.id)?.why)) return false
  return !isRestartedAfter(pod, container, latest.state.exitCode)
}
