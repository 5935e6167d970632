import { DockerApi } from '../agent/runtime/docker/docker-api.ts'
import type { Clock } from '../shared/clock.ts'

export interface MachineSize {
  cpus: number
  memoryBytes: number
}

/** How large the machine is on which this Docker runs containers. */
export async function machineSize(clock: Clock): Promise<MachineSize> {
  const docker = new DockerApi({}, clock)
  const { NCPU, MemTotal } = await docker.json<{ NCPU: number; MemTotal: number }>({ method: 'GET', path: '/info' })
  return { cpus: NCPU, memoryBytes: MemTotal }
}
