import { isDeepStrictEqual } from 'node:util'
import type { Container } from '../../../shared/api/generated/core-v1.ts'
import type { ContainerResources, ContainerState } from '../../runtime/runtime.ts'
import type { PodMemory, ResizeTry } from '../pod-memory.ts'
import { containerResources } from '../spec/container-resources.ts'

/** Whether what a running container has differs from what it has been given; and if so, whether only a restart helps. */
export function resizeOf(container: Container, running: ContainerState): 'none' | 'update' | 'restart' {
  const [wanted, has] = [containerResources(container), running.resources]
  const changed = [
    ...(wanted.cpuShares !== has.cpuShares || wanted.cpuLimitMilli !== has.cpuLimitMilli ? ['cpu'] : []),
    ...(wanted.memoryLimitBytes !== has.memoryLimitBytes ? ['memory'] : []),
  ]
  if (changed.length === 0) return 'none'
  return changed.some((resource) => needsRestart(container, resource)) ? 'restart' : 'update'
}

function needsRestart({ resizePolicy }: Container, resource: string): boolean {
  return (
    resizePolicy?.some((policy) => policy.resourceName === resource && policy.restartPolicy === 'RestartContainer') ??
    false
  )
}

/** The last try to give it what it is to have now: one that was for something else says nothing of that. */
export function resizeTryOf(
  container: Container,
  { id }: ContainerState,
  { resizeTries }: PodMemory,
): ResizeTry | undefined {
  const known = resizeTries.get(id)
  return known && isDeepStrictEqual(known.resources, containerResources(container)) ? known : undefined
}

/** A limit below what is used already would end the container, or be refused by the kernel. */
export function isBelowUse({ memoryLimitBytes }: ContainerResources, usedBytes: number): boolean {
  return memoryLimitBytes !== undefined && memoryLimitBytes < usedBytes
}
