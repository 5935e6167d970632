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

  it('has no network of Docker’s and files with names of its own where the agent links it', () => {
    const dns = { servers: ['10.43.0.10'], searches: [], options: [] }
    const linked = { ...spec, address: '10.42.0.4', dns, linkedBy: 'agent' } as const
    const config = sandboxConfig(linked, owner, 'pause', undefined, 0)
    expect(config).toMatchObject({
      ...{ NetworkDisabled: true, OpenStdin: true, Hostname: 'web' },
      Labels: { 'kubette.dev/address': '10.42.0.4' },
      HostConfig: { NetworkMode: 'none', CapAdd: ['NET_ADMIN'] },
    })
    expect(config.Cmd).toEqual([
      ...['/messages/hosts', expect.stringContaining('10.42.0.4\tweb\n')],
      ...['/messages/resolv.conf', 'nameserver 10.43.0.10\n'],
    ])
    const { Cmd } = sandboxConfig({ ...linked, linkedBy: 'runtime' }, owner, 'pause', { name: 'pods' } as never, 0)
    expect(Cmd?.filter((_, index) => index % 2 === 0)).toEqual(['/etc/hosts', '/etc/resolv.conf'])
  })
})
