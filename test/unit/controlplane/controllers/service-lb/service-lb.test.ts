import { describe, expect, it } from 'vitest'
import { ServiceLb } from '../../../../../controlplane/controllers/service-lb/service-lb.ts'
import type { ServiceSpec } from '../../../../../shared/api/generated/core-v1.ts'
import { ENDPOINT_SLICES, EVENTS, NODES, SERVICES } from '../../../../../shared/api/kinds.ts'
import { anEndpointSlice, aService } from '../../../../support/service-objects.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'

const WEB = { namespace: 'default', name: 'web' }

async function balancerCluster(nodes = ['10.0.0.10', '10.0.0.9']) {
  const plane = await startTestControlPlane()
  const { client, clock } = plane
  plane.run(new ServiceLb(plane))
  const report = (name: string, ready: string, address: string) =>
    client.modify(
      NODES,
      { name },
      (node) => {
        node.status = {
          conditions: [{ type: 'Ready', status: ready }],
          addresses: [
            { type: 'Hostname', address: name },
            { type: 'InternalIP', address },
          ],
        }
      },
      { status: true },
    )
  for (const [index, address] of nodes.entries()) {
    await client.create(NODES, { metadata: { name: `n${index + 1}` }, spec: {} })
    await report(`n${index + 1}`, 'True', address)
  }
  const create = (spec: ServiceSpec = {}) =>
    client.create(SERVICES, { ...aService('web', { type: 'LoadBalancer', ...spec }), metadata: WEB })
  const ingress = async () => {
    await clock.advance(100)
    return (await client.get(SERVICES, WEB)).status?.loadBalancer?.ingress?.map(({ ip }) => ip) ?? []
  }
  const events = async () => {
    await clock.advance(100)
    return (await client.list(EVENTS)).items.map(({ reason, message }) => `${reason}: ${message}`)
  }
  return { ...plane, report, create, ingress, events }
}

describe('a Service of type LoadBalancer', () => {
  it('has the addresses of the nodes that are ready, each once and in order', async () => {
    const { client, create, report, ingress, events } = await balancerCluster(['10.0.0.10', '10.0.0.9', '10.0.0.9'])
    await create()
    expect(await ingress()).toEqual(['10.0.0.9', '10.0.0.10'])
    expect((await client.get(SERVICES, WEB)).status?.loadBalancer?.ingress?.[0]).toEqual({
      ip: '10.0.0.9',
      ipMode: 'VIP',
    })
    await report('n1', 'Unknown', '10.0.0.10')
    expect(await ingress()).toEqual(['10.0.0.9'])
    await report('n1', 'True', '10.0.0.11')
    expect(await ingress()).toEqual(['10.0.0.9', '10.0.0.11'])
    expect((await events()).sort()).toEqual([
      'EnsuredLoadBalancer: Ensured load balancer',
      'UpdatedLoadBalancer: Updated LoadBalancer with new IPs: [10.0.0.9 10.0.0.10] -> [10.0.0.9]',
      'UpdatedLoadBalancer: Updated LoadBalancer with new IPs: [10.0.0.9] -> [10.0.0.9 10.0.0.11]',
    ])
  })

  it('keeps nodes that take no new Pods, and leaves out those with the label that says so', async () => {
    const { client, create, ingress } = await balancerCluster()
    await create()
    await client.modify(NODES, { name: 'n1' }, (node) => {
      node.spec.unschedulable = true
    })
    expect(await ingress()).toEqual(['10.0.0.9', '10.0.0.10'])
    await client.modify(NODES, { name: 'n1' }, (node) => {
      node.metadata.labels = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }
    })
    expect(await ingress()).toEqual(['10.0.0.9'])
  })

  it('whose traffic stays on its node has those with a ready endpoint', async () => {
    const { client, create, ingress } = await balancerCluster()
    await create({ externalTrafficPolicy: 'Local' })
    expect(await ingress()).toEqual([])
    const endpoint = (nodeName: string, ready: boolean) => ({
      addresses: ['10.42.0.5'],
      nodeName,
      conditions: { ready },
    })
    const slice = anEndpointSlice('web', { endpoints: [endpoint('n1', true), endpoint('n2', false)] })
    await client.create(ENDPOINT_SLICES, { ...slice, metadata: { ...slice.metadata, namespace: 'default' } })
    expect(await ingress()).toEqual(['10.0.0.10'])
    await client.delete(ENDPOINT_SLICES, WEB)
    expect(await ingress()).toEqual([])
  })

  it('is left alone where it is of another class, and cleared where it is of another type', async () => {
    const { client, create, ingress } = await balancerCluster()
    await create({ loadBalancerClass: 'example.com/other' })
    expect(await ingress()).toEqual([])
    await client.delete(SERVICES, WEB)
    await create()
    expect(await ingress()).toHaveLength(2)
    await client.modify(SERVICES, WEB, ({ spec }) => {
      spec.type = 'ClusterIP'
    })
    expect(await ingress()).toEqual([])
  })

  it('tells that no node is available', async () => {
    const { create, events } = await balancerCluster([])
    await create()
    expect(await events()).toEqual(['UnAvailableLoadBalancer: There are no available nodes for LoadBalancer'])
  })
})
