import type { RecordType } from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { ClusterZone } from '../../../../../agent/network/dns/cluster-zone.ts'
import { ServiceDirectory } from '../../../../../agent/network/dns/service-directory.ts'
import { sampleService, sampleSlice } from '../../../../support/dns-objects.ts'

const services = [
  sampleService('web', {
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  }),
  sampleService('db', { clusterIP: 'None' }),
  sampleService('empty', { clusterIP: 'None' }, 'prod'),
  sampleService('out', { type: 'ExternalName', externalName: 'www.example.com' }),
]
const slices = [
  sampleSlice('db', [
    { address: '10.42.1.5', hostname: 'DB-0' },
    { address: '10.42.2.6', hostname: 'db-1' },
    { address: '10.42.2.7' },
    { address: '10.42.2.8', ready: false },
  ]),
  sampleSlice('web', [{ address: '10.42.3.3' }]),
]
const zone = new ClusterZone('cluster.local', new ServiceDirectory(services, slices))

function ask(name: string, type: string) {
  const answer = zone.answer(name, type as RecordType)
  if (!answer) return 'elsewhere'
  if (!answer.exists) return 'NXDOMAIN'
  return answer.answers.map((record) => ('data' in record ? record.data : undefined))
}

describe('names of the cluster', () => {
  test.each([
    ['web.default.svc.cluster.local', 'A', ['10.43.0.20']],
    ['web.default.svc.cluster.local', 'AAAA', []],
    ['db.default.svc.cluster.local', 'A', ['10.42.1.5', '10.42.2.6', '10.42.2.7']],
    ['db-0.db.default.svc.cluster.local', 'A', ['10.42.1.5']],
    ['10-42-2-7.db.default.svc.cluster.local', 'A', ['10.42.2.7']],
    ['10-42-2-8.db.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['10-42-3-3.web.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['empty.prod.svc.cluster.local', 'A', []],
    ['out.default.svc.cluster.local', 'A', ['www.example.com']],
    ['nobody.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['default.svc.cluster.local', 'A', []],
    ['nowhere.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['svc.cluster.local', 'A', []],
    ['cluster.local', 'NS', ['ns.dns.cluster.local']],
    ['other.cluster.local', 'A', 'NXDOMAIN'],
    ['dns-version.cluster.local', 'TXT', ['1.1.0']],
    ['10-42-1-5.default.pod.cluster.local', 'A', ['10.42.1.5']],
    ['10-42-1-256.default.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['notcluster.local', 'A', 'elsewhere'],
    ['example.com', 'A', 'elsewhere'],
    ['a.b._tcp.web.default.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    ['_tcp.web.default.svc.cluster.local', 'SRV', []],
    ['_nope._tcp.web.default.svc.cluster.local', 'SRV', 'NXDOMAIN'],
  ])('%s %s', (name, type, expected) => {
    expect(ask(name, type)).toEqual(expected)
  })

  test('an SRV of a port names the Service, with its address beside it', () => {
    const answer = zone.answer('_dns._udp.web.default.svc.cluster.local', 'SRV')
    const target = 'web.default.svc.cluster.local'
    expect(answer?.answers).toMatchObject([{ data: { port: 53, target, priority: 0, weight: 100 } }])
    expect(answer?.additionals).toMatchObject([{ type: 'A', name: target, data: '10.43.0.20' }])
  })

  test('an SRV of a headless Service names each endpoint and the port that it listens at', () => {
    const answer = zone.answer('_http._tcp.db.default.svc.cluster.local', 'SRV')
    const targets = ['db-0', 'db-1', '10-42-2-7'].map((label) => `${label}.db.default.svc.cluster.local`)
    expect(answer?.answers.map((record) => 'data' in record && record.data)).toEqual(
      targets.map((target) => ({ priority: 0, weight: 33, port: 8080, target })),
    )
  })

  test.each([
    ['10.43.0.20', ['web.default.svc.cluster.local']],
    ['10.42.1.5', ['db-0.db.default.svc.cluster.local']],
    ['10.42.2.7', ['10-42-2-7.db.default.svc.cluster.local']],
  ])('the name of %s', (address, expected) => {
    const answer = zone.reverse('x.in-addr.arpa', address, 'PTR')
    expect(answer?.answers.map((record) => 'data' in record && record.data)).toEqual(expected)
  })

  test('an address of nobody has no name here', () => {
    expect(zone.reverse('x.in-addr.arpa', '10.42.3.3', 'PTR')).toBeUndefined()
  })
})
