import { describe, expect, it } from 'vitest'
import { sandboxConfig } from '../../../../../agent/runtime/docker/container-config.ts'

describe('the container of a sandbox', () => {
  const spec = {
    pod: { uid: 'u1', namespace: 'default', name: 'web' },
    ...{ hostname: 'web', hosts: [], ports: [], hostNetwork: false, volumes: [] },
  }
  const owner = { clusterId: 'c1', nodeName: 'node-1' }

  it('may change the network and takes commands for that, but not on the network of the machine', () => {
    const own = sandboxConfig(spec, owner, 'pause', { name: 'pods' } as never, 0)
    expect(own).toMatchObject({ OpenStdin: true, HostConfig: { CapDrop: ['ALL'], CapAdd: ['NET_ADMIN'] } })
    const machines = sandboxConfig({ ...spec, hostNetwork: true }, owner, 'pause', undefined, 0)
    expect(machines).toMatchObject({ OpenStdin: false, HostConfig: { NetworkMode: 'host', CapDrop: ['ALL'] } })
    expect(machines.HostConfig).not.toHaveProperty('CapAdd')
  })
})
