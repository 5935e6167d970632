import type { ContainerState, PodGlance, PodIdentity, SandboxState } from '../../agent/runtime/runtime.ts'

/** As `Runtime.glance` tells of these. */
export function glanceOf(
  sandboxes: Iterable<SandboxState>,
  containers: Iterable<{ state: ContainerState }>,
): Map<string, PodGlance> {
  const pods = new Map<string, Map<string, boolean>>()
  const add = ({ uid }: PodIdentity, id: string, isRunning: boolean) =>
    pods.set(uid, (pods.get(uid) ?? new Map<string, boolean>()).set(id, isRunning))
  for (const { pod, id, running } of sandboxes) add(pod, id, running)
  for (const { state } of containers) add(state.pod, state.id, state.state.phase === 'running')
  return pods
}
