import type { Container } from '../../../shared/api/generated/core-v1.ts'
import type { ContainerResources, ContainerState } from '../../runtime/runtime.ts'
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

/** A limit below what is used already would end the container, or be refused by the kernel. */
export function isBelowUse({ memoryLimitBytes }: ContainerResources, usedBytes: number): boolean {
  return memoryLimitBytes !== undefined && memoryLimitBytes < usedBytes
}
