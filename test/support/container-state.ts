import { specHash } from '../../agent/pods/spec-hash.ts'
import type { ContainerState } from '../../agent/runtime/runtime.ts'
import { podContainer } from './assigned-pod.ts'

/** The present of the tests that share these states. */
export const NOW = Date.UTC(2030, 0, 1, 1)

/** So many seconds from `NOW`, as the API writes it. */
export const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString()

/** Of the Pod that `assignedPod` makes under the name `a`. */
export const identity = { uid: 'uid-a', namespace: 'default', name: 'a' }

/** An instance of a container of the Pod `identity`, as a runtime tells of it. */
export function containerState(
  name: string,
  state: ContainerState['state'],
  more: Partial<ContainerState> = {},
): ContainerState {
  return {
    id: `${name}-${more.restartCount ?? 0}`,
    pod: identity,
    sandboxId: 'box',
    name,
    restartCount: 0,
    specHash: specHash(podContainer(name)),
    annotations: {},
    image: 'app:1',
    imageId: 'sha256:1',
    createdAt: at(-90),
    resources: { cpuShares: 2 },
    stopSignal: 'SIGTERM',
    state,
    ...more,
  }
}

export const running = { phase: 'running', startedAt: at(-60) } as const

export const exited = (exitCode: number, ago = 1) =>
  ({ phase: 'exited', startedAt: at(-60), finishedAt: at(-ago), exitCode, oomKilled: false }) as const
