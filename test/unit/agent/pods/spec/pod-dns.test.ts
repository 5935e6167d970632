import { describe, expect, it } from 'vitest'
import { parseResolvConf } from '../../../../../agent/network/resolv-conf.ts'
import { hasOwnDns, podDns } from '../../../../../agent/pods/spec/pod-dns.ts'
import type { PodSpec } from '../../../../../shared/api/generated/core-v1.ts'

const machine = { servers: ['192.0.2.1'], searches: ['home.example'], options: ['ndots:1', 'rotate'] }
const spec = (more: Partial<PodSpec>): PodSpec => ({ containers: [], ...more })

describe('podDns', () => {
  it('leaves a Pod without settings of its own to the runtime', () => {
    expect(
      ['ClusterFirst', 'Default', 'ClusterFirstWithHostNet'].map((dnsPolicy) => hasOwnDns({ ...spec({}), dnsPolicy })),
    ).toEqual([false, false, false])
    expect(hasOwnDns(spec({ dnsPolicy: 'None' }))).toBe(true)
  })

  it('adds the Pod’s settings to the machine’s, and replaces options of the same name', () => {
    const dnsConfig = {
      nameservers: ['192.0.2.2', '192.0.2.1'],
      searches: ['a.example', 'home.example'],
      options: [{ name: 'ndots', value: '5' }, { name: 'edns0' }],
    }
    expect(podDns(spec({ dnsPolicy: 'ClusterFirst', dnsConfig }), machine)).toEqual({
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
    expect(podDns(spec({ dnsPolicy: 'None', dnsConfig }), machine).dns).toEqual({
      servers: ['192.0.2.2'],
      searches: [],
      options: ['ndots:2'],
    })
  })

  it('leaves out what a resolver would not take, and says so', () => {
    const nameservers = ['192.0.2.2', '192.0.2.3', '192.0.2.4']
    const searches = Array.from({ length: 32 }, (_, index) => `s${index}`)
    const { dns, omissions } = podDns(spec({ dnsConfig: { nameservers, searches } }), machine)
    expect(dns.servers).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3'])
    expect(dns.searches).toHaveLength(32)
    expect(omissions[0]).toBe(
      'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ' +
        '192.0.2.1 192.0.2.2 192.0.2.3',
    )
    expect(omissions[1]).toMatch(/^Search Line limits were exceeded, some search paths have been omitted, .*: home/)
    const long = Array.from({ length: 20 }, (_, index) => `${index}${'x'.repeat(150)}`)
    expect(podDns(spec({ dnsConfig: { searches: long } }), machine).dns.searches.join(' ').length).toBeLessThan(2049)
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
