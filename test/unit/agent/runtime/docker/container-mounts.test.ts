import { expect, it } from 'vitest'
import { ContainerMounts } from '../../../../../agent/runtime/docker/container-mounts.ts'
import type { Containers } from '../../../../../agent/runtime/docker/containers.ts'
import { DockerApi } from '../../../../../agent/runtime/docker/docker-api.ts'
import type { MemoryVolumes } from '../../../../../agent/runtime/docker/memory-volumes.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

it('mounts a directory of the machine read-only without what is mounted below it', async () => {
  const clock = new VirtualClock()
  const point = { Type: 'bind', Source: '/srv', Destination: '/volumes/host' }
  const containers = { inspect: async () => ({ Mounts: [point] }) } as unknown as Containers
  const memory = { check: async () => {} } as unknown as MemoryVolumes
  const mounts = new ContainerMounts(new DockerApi({}, clock), containers, memory, clock)
  const options = async (readOnly: boolean, propagation?: 'slave') => {
    const mount = { volume: 'host', mountPath: '/host', readOnly, ...(propagation ? { propagation } : {}) }
    return (await mounts.resolve({ sandboxId: 'sandbox', name: 'web', mounts: [mount] }))[0]?.BindOptions
  }
  expect(await options(true)).toEqual({ ReadOnlyNonRecursive: true })
  expect(await options(true, 'slave')).toEqual({ Propagation: 'rslave', ReadOnlyNonRecursive: true })
  // Docker refuses it for what is written to.
  expect(await options(false)).toEqual({})
})
