import { describe, expect, it } from 'vitest'
import { sandboxConfig } from '../../../../../agent/runtime/docker/container-config.ts'

describe('the container of a sandbox', () => {
  const spec = {
    pod: { uid: 'u1', namespace: 'default', name: 'web' },
    ...{ hostname: 'web', hosts: [], ports: [], hostNetwork: false, volumes: [] },
  }
  const owner = { clusterId: 'c1', nodeName: 'node-1' }
  const details = { image: 'pause', oomScoreAdj: 0, noswap: true }

  it('may change the network and takes commands for that, but not on the network of the machine', () => {
    const own = sandboxConfig(spec, owner, { ...details, network: { name: 'pods' } as never })
    expect(own).toMatchObject({ OpenStdin: true, HostConfig: { CapDrop: ['ALL'], CapAdd: ['NET_ADMIN'] } })
    const machines = sandboxConfig({ ...spec, hostNetwork: true }, owner, details)
    expect(machines).toMatchObject({ OpenStdin: false, HostConfig: { NetworkMode: 'host', CapDrop: ['ALL'] } })
    expect(machines.HostConfig).not.toHaveProperty('CapAdd')
  })

  it('is privileged where a container in a network of the Pod’s own is', () => {
    const hostConfig = (more: object) => sandboxConfig({ ...spec, ...more }, owner, details).HostConfig
    expect(hostConfig({})).toMatchObject({ Privileged: false })
    expect(hostConfig({ privileged: true })).toMatchObject({ Privileged: true })
    expect(hostConfig({ privileged: true, hostNetwork: true })).toMatchObject({ Privileged: false })
  })

  it('has the machine’s hosts file with what it adds to it, where that could be read', () => {
    const hosts = [{ ip: '192.0.2.7', hostnames: ['a', 'b.example'] }]
    const onMachine = { ...spec, hostNetwork: true, hosts }
    const read = sandboxConfig(onMachine, owner, { ...details, machineHosts: '192.168.1.5\tnas\n' })
    const lines = [
      '# Kubernetes-managed hosts file (host network).',
      '192.168.1.5\tnas',
      '',
      '# Entries added by HostAliases.',
    ]
    expect(read.Cmd).toEqual(['/etc/hosts', `${lines.join('\n')}\n192.0.2.7\ta\tb.example\n`])
    expect(read.HostConfig).toMatchObject({ ExtraHosts: [] })
    const unread = sandboxConfig(onMachine, owner, details)
    expect(unread).not.toHaveProperty('Cmd')
    expect(unread.HostConfig).toMatchObject({ ExtraHosts: ['a:192.0.2.7', 'b.example:192.0.2.7'] })
  })

  it('has no network of Docker’s and files with names of its own where the agent links it', () => {
    const dns = { servers: ['10.43.0.10'], searches: [], options: [] }
    const linked = { ...spec, address: '10.42.0.4', dns, linkedBy: 'agent' } as const
    const config = sandboxConfig(linked, owner, details)
    expect(config).toMatchObject({
      ...{ NetworkDisabled: true, OpenStdin: true, Hostname: 'web' },
      Labels: { 'kubette.dev/address': '10.42.0.4' },
      HostConfig: { NetworkMode: 'none', CapAdd: ['NET_ADMIN'] },
    })
    expect(config.Cmd).toEqual([
      ...['/messages/hosts', expect.stringContaining('10.42.0.4\tweb\n')],
      ...['/messages/hostname', 'web\n'],
      ...['/messages/resolv.conf', 'nameserver 10.43.0.10\n'],
    ])
    const { Cmd } = sandboxConfig({ ...linked, linkedBy: 'runtime' }, owner, {
      ...details,
      network: { name: 'pods' } as never,
    })
    expect(Cmd?.filter((_, index) => index % 2 === 0)).toEqual(['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'])
  })

  it('has memory for Secrets where there are some, and keeps all that is in memory from swap where that can be', () => {
    const volumes = [
      { name: 'tmp', medium: 'memory', sizeLimitBytes: 1024 } as const,
      { name: 'a', medium: 'disk' } as const,
    ]
    const optionsOf = (noswap: boolean) => {
      const { Mounts } = sandboxConfig({ ...spec, volumes, hasSecrets: true }, owner, { ...details, noswap }).HostConfig
      return Mounts.map(({ Target, VolumeOptions }) => [Target, VolumeOptions?.DriverConfig?.Options.o])
    }
    expect(optionsOf(true)).toEqual([
      ['/volumes/tmp', 'mode=0777,size=1024,noswap'],
      ['/volumes/a', undefined],
      ['/secrets', 'mode=755,noswap'],
    ])
    expect(sandboxConfig(spec, owner, details).HostConfig.Mounts).toEqual([])
    expect(optionsOf(false).map(([, options]) => options)).toEqual(['mode=0777,size=1024', undefined, 'mode=755'])
  })
})
