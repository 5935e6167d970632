import { describe, expect, it } from 'vitest'
import { parseResolvConf } from '../../../../../agent/network/resolv-conf.ts'
import { podDns, resolvesAsItsMachine } from '../../../../../agent/pods/spec/pod-dns.ts'
import type { PodSpec } from '../../../../../shared/api/generated/core-v1.ts'
import { assignedPod } from '../../../../support/assigned-pod.ts'

const machine = { servers: ['192.0.2.1'], searches: ['home.example'], options: ['ndots:1', 'rotate'] }
const cluster = { address: '10.43.0.10', domain: 'cluster.local' }
const dnsOf = (more: Partial<PodSpec>, known: typeof cluster | undefined = cluster) =>
  podDns(assignedPod('web', more), machine, known)

describe('podDns', () => {
  it.each([
    [{}, false],
    [{ dnsPolicy: 'Default' }, false],
    [{ hostNetwork: true }, true],
    [{ hostNetwork: true, dnsPolicy: 'ClusterFirst' }, true],
    [{ hostNetwork: true, dnsPolicy: 'Default' }, true],
    [{ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }, false],
    [{ hostNetwork: true, dnsPolicy: 'None' }, false],
    [{ hostNetwork: true, dnsConfig: {} }, false],
  ])('knows a Pod that resolves as the machine whose network it uses: %j', (more, expected) => {
    expect(resolvesAsItsMachine({ containers: [], ...more })).toBe(expected)
  })

  const clusters = {
    servers: ['10.43.0.10'],
    searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'home.example'],
    options: ['ndots:5'],
  }
  it.each([
    [{}, clusters],
    [{ dnsPolicy: 'ClusterFirst' }, clusters],
    [{ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, clusters],
    [{ dnsPolicy: 'ClusterFirst', hostNetwork: true }, machine],
    [{ dnsPolicy: 'Default' }, machine],
    [{ dnsPolicy: 'None' }, { servers: [], searches: [], options: [] }],
  ])('goes by the policy: %j', (more, expected) => {
    expect(dnsOf(more).dns).toEqual(expected)
  })

  it('resolves as the machine does as long as the cluster’s DNS is not known', () => {
    expect(podDns(assignedPod('web'), machine, undefined).dns).toEqual(machine)
  })

  it('adds the Pod’s settings to the machine’s, and replaces options of the same name', () => {
    const dnsConfig = {
      nameservers: ['192.0.2.2', '192.0.2.1'],
      searches: ['a.example', 'home.example'],
      options: [{ name: 'ndots', value: '5' }, { name: 'edns0' }],
    }
    expect(dnsOf({ dnsPolicy: 'Default', dnsConfig })).toEqual({
      dns: {
        servers: ['192.0.2.1', '192.0.2.2'],
        searches: ['home.example', 'a.example'],
        options: ['ndots:5', 'rotate', 'edns0'],
      },
      omissions: [],
    })
  })

  it('takes nothing from the machine where the policy is None', () => {
    const dnsConfig = { nameservers: ['192.0.2.2'], options: [{ name: 'ndots', value: '2' }] }
    expect(dnsOf({ dnsPolicy: 'None', dnsConfig }).dns).toEqual({
      servers: ['192.0.2.2'],
      searches: [],
      options: ['ndots:2'],
    })
  })

  it('leaves out what a resolver would not take, and says so', () => {
    const nameservers = ['192.0.2.2', '192.0.2.3', '192.0.2.4']
    const searches = Array.from({ length: 32 }, (_, index) => `s${index}`)
    const { dns, omissions } = dnsOf({ dnsPolicy: 'Default', dnsConfig: { nameservers, searches } })
    expect(dns.servers).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3'])
    expect(dns.searches).toHaveLength(32)
    expect(omissions[0]).toBe(
      'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ' +
        '192.0.2.1 192.0.2.2 192.0.2.3',
    )
    expect(omissions[1]).toMatch(/^Search Line limits were exceeded, some search paths have been omitted, .*: home/)
    const long = Array.from({ length: 20 }, (_, index) => `${index}${'x'.repeat(150)}`)
    expect(dnsOf({ dnsConfig: { searches: long } }).dns.searches.join(' ').length).toBeLessThan(2049)
  })
})

describe('parseResolvConf', () => {
  it('reads servers, options, and the last search line', () => {
    const text =
      '# a\nnameserver 192.0.2.1\nsearch old\noptions ndots:2 rotate\nsearch a.example b.example\nnameserver ::1\n'
    expect(parseResolvConf(text)).toEqual({
      servers: ['192.0.2.1', '::1'],
      searches: ['a.example', 'b.example'],
      options: ['ndots:2', 'rotate'],
    })
  })
})
