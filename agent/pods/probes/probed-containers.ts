import type { Pod } from '../../../shared/api/generated/core-v1.ts'
import type { PodMemory } from '../pod-memory.ts'
import { type PodObservation, runningContainers } from '../pod-observation.ts'
import { isBeforePostStart } from '../post-start.ts'
import { isSidecar } from '../restart-policy.ts'
import { podIPOf } from '../spec/pod-ip.ts'
import type { ProbedContainer } from './pod-probes.ts'

/** The Pod's containers whose probes may run. `hostIPs` are the node's addresses. */
export function probedContainers(
  pod: Pod,
  observed: PodObservation,
  memory: PodMemory,
  hostIPs: readonly string[],
): ProbedContainer[] {
  const podIP = podIPOf(pod, observed.sandbox, hostIPs)
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => isSidecar(pod, container))
  return [...sidecars, ...(pod.spec?.containers ?? [])].flatMap((container) =>
    runningContainers(observed)
      .filter(({ name }) => name === container.name)
      .filter((state) => !isBeforePostStart(pod, container, state, memory))
      .map((state) => ({ container, state, podIP })),
  )
}
