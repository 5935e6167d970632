import { describe, expect, it } from 'vitest'
import { DnsEndpoints } from '../../../../../controlplane/controllers/dns-endpoints/dns-endpoints.ts'
import { bootstrapDnsService } from '../../../../../controlplane/registry/services/bootstrap-dns-service.ts'
import { ENDPOINT_SLICES, ENDPOINTS, NODES, SERVICES } from '../../../../../shared/api/kinds.ts'
import { DNS_SERVICE } from '../../../../../shared/dns-service.ts'
import { Ipv4Range } from '../../../../../shared/ipv4-range.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'

async function dnsCluster() {
  const plane = await startTestControlPlane()
  const { client, clock, registry } = plane
  const bootstrap = (range = '10.43.0.0/16') => bootstrapDnsService(registry, Ipv4Range.parse(range), silentLogger)
  await bootstrap()
  plane.run(new DnsEndpoints(plane))
  await clock.advance(0)
  const setReady = (name: string, status: string) =>
    client.modify(
      NODES,
      { name },
      (node) => {
        node.status = { ...node.status, conditions: [{ type: 'Ready', status }] }
      },
      { status: true },
    )
  const addNode = async (name: string, podCIDR?: string) => {
    await client.create(NODES, { metadata: { name }, spec: podCIDR ? { podCIDR } : {} })
    await setReady(name, 'True')
  }
  const slices = async () => {
    await clock.advance(100)
    return (await client.list(ENDPOINT_SLICES, { namespace: DNS_SERVICE.namespace })).items
  }
  return { ...plane, bootstrap, addNode, setReady, slices }
}

describe('the DNS Service', () => {
  it('has the tenth address of the range, both protocols, and no selector', async () => {
    const { client, bootstrap } = await dnsCluster()
    await bootstrap()
    const { spec, metadata } = await client.get(SERVICES, DNS_SERVICE)
    expect(metadata.labels).toMatchObject({ 'k8s-app': 'kube-dns' })
    expect(spec).toMatchObject({
      type: 'ClusterIP',
      clusterIP: '10.43.0.10',
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      ],
    })
    expect(spec.selector).toBeUndefined()
  })

  it('does not keep the control plane from its start where the address is taken', async () => {
    const { client, bootstrap } = await dnsCluster()
    await client.delete(SERVICES, DNS_SERVICE)
    await client.create(SERVICES, {
      metadata: { name: 'squatter', namespace: 'default' },
      spec: { clusterIP: '10.43.0.10', ports: [{ port: 80 }] },
    })
    await bootstrap()
    await expect(client.get(SERVICES, DNS_SERVICE)).rejects.toThrow('not found')
  })

  it('has the gateway of each node as an endpoint, ready while the node is', async () => {
    const { client, addNode, setReady, slices } = await dnsCluster()
    await addNode('n1', '10.42.0.0/24')
    await addNode('n2', '10.42.7.0/24')
    await addNode('late')
    await addNode('odd', 'fd00::/64')
    await setReady('n2', 'Unknown')
    const [slice, ...more] = await slices()
    expect(more).toEqual([])
    expect(slice).toMatchObject({
      metadata: {
        labels: {
          'kubernetes.io/service-name': 'kube-dns',
          'endpointslice.kubernetes.io/managed-by': 'dns-endpoints.kubette.dev',
        },
        ownerReferences: [{ kind: 'Service', name: 'kube-dns' }],
      },
      addressType: 'IPv4',
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      ],
      endpoints: [
        { addresses: ['10.42.0.2'], nodeName: 'n1', conditions: { ready: true, serving: true, terminating: false } },
        { addresses: ['10.42.7.2'], nodeName: 'n2', conditions: { ready: false, serving: false, terminating: false } },
      ],
    })
    await client.modify(NODES, { name: 'late' }, ({ spec }) => {
      spec.podCIDR = '10.42.9.0/24'
    })
    await setReady('n2', 'True')
    await client.delete(NODES, { name: 'n1' })
    expect((await slices())[0]?.endpoints).toMatchObject([
      { nodeName: 'n2', conditions: { ready: true } },
      { nodeName: 'late', addresses: ['10.42.9.2'] },
    ])
  })

  it('has Endpoints that say the same, and that are not mirrored into another slice', async () => {
    const { client, addNode, setReady, slices } = await dnsCluster()
    await addNode('n1', '10.42.0.0/24')
    await addNode('n2', '10.42.7.0/24')
    await setReady('n2', 'Unknown')
    await slices()
    const ports = [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ]
    expect(await client.get(ENDPOINTS, DNS_SERVICE)).toMatchObject({
      metadata: { labels: { 'k8s-app': 'kube-dns', 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [
        {
          addresses: [{ ip: '10.42.0.2', nodeName: 'n1' }],
          notReadyAddresses: [{ ip: '10.42.7.2', nodeName: 'n2' }],
          ports,
        },
      ],
    })
    await client.delete(ENDPOINTS, DNS_SERVICE)
    await setReady('n2', 'True')
    await slices()
    const { subsets } = await client.get(ENDPOINTS, DNS_SERVICE)
    expect(subsets?.[0]?.addresses?.map(({ ip }) => ip)).toEqual(['10.42.0.2', '10.42.7.2'])
  })

  it('is left to the Pods that a user lets it select', async () => {
    const { client, addNode, slices } = await dnsCluster()
    await addNode('n1', '10.42.0.0/24')
    expect(await slices()).toHaveLength(1)
    await client.modify(SERVICES, DNS_SERVICE, ({ spec }) => {
      spec.selector = { 'k8s-app': 'coredns' }
    })
    expect(await slices()).toEqual([])
  })
})
