import { describe, expect, it } from 'vitest'
import { nameFiles, nameMounts } from '../../../../../agent/runtime/docker/name-files.ts'

const dns = {
  servers: ['10.43.0.10', '192.0.2.1'],
  searches: ['default.svc.cluster.local', 'home'],
  options: ['ndots:5'],
}
const local = [
  '# Kubernetes-managed hosts file.',
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
]

describe('nameFiles', () => {
  it('says how to resolve', () => {
    const { 'resolv.conf': resolvConf } = nameFiles({ hostname: 'web', hosts: [] }, '10.42.1.5', dns)
    expect(resolvConf).toBe(
      'search default.svc.cluster.local home\nnameserver 10.43.0.10\nnameserver 192.0.2.1\noptions ndots:5\n',
    )
  })

  it('has no line that would be empty', () => {
    expect(
      nameFiles({ hostname: 'web', hosts: [] }, '10.42.1.5', { servers: [], searches: [], options: [] })['resolv.conf'],
    ).toBe('')
  })

  it('names the Pod by its address, and what was added', () => {
    const hosts = [{ ip: '192.0.2.7', hostnames: ['a', 'b.example'] }]
    const { hosts: text } = nameFiles(
      { hostname: 'web', domain: 'sub.default.svc.cluster.local', hosts },
      '10.42.1.5',
      dns,
    )
    expect(text.split('\n')).toEqual([
      ...local,
      '10.42.1.5\tweb.sub.default.svc.cluster.local\tweb',
      '',
      '# Entries added by HostAliases.',
      '192.0.2.7\ta\tb.example',
      '',
    ])
  })

  it('names a Pod without a subdomain by its hostname only', () => {
    expect(nameFiles({ hostname: 'web', hosts: [] }, '10.42.1.5', dns).hosts.split('\n')).toEqual([
      ...local,
      '10.42.1.5\tweb',
      '',
    ])
  })
})

describe('nameMounts', () => {
  const place = { folder: '/data', names: ['hosts', 'hostname', 'resolv.conf'] }

  it('are the sandbox’s files, which a container with a read-only root cannot change', () => {
    const hosts = { Type: 'bind', Source: '/data/hosts', Target: '/etc/hosts', ReadOnly: false }
    const resolvConf = { ...hosts, Source: '/data/resolv.conf', Target: '/etc/resolv.conf' }
    const hostname = { ...hosts, Source: '/data/hostname', Target: '/etc/hostname' }
    expect(nameMounts({ mounts: [] }, place)).toEqual([hosts, hostname, resolvConf])
    const readOnly = { mounts: [], securityContext: { readOnlyRootFilesystem: true } }
    expect(nameMounts(readOnly, place).map(({ ReadOnly }) => ReadOnly)).toEqual([true, true, true])
  })

  it('are not over what the Pod mounts there, nor over Docker’s own files', () => {
    const mounts = [{ volume: 'v', mountPath: '/etc/hosts/', readOnly: true }]
    expect(nameMounts({ mounts }, place).map(({ Target }) => Target)).toEqual(['/etc/hostname', '/etc/resolv.conf'])
    expect(nameMounts({ mounts: [] }, { ...place, names: ['hosts'] }).map(({ Target }) => Target)).toEqual([
      '/etc/hosts',
    ])
    expect(nameMounts({ mounts: [] }, { ...place, names: [] })).toEqual([])
    expect(nameMounts({ mounts: [] }, undefined)).toEqual([])
  })
})
