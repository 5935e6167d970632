import { describe, expect, it } from 'vitest'
import { EndpointsController } from '../../../../../controlplane/controllers/endpoints/endpoints-controller.ts'
import { truncated } from '../../../../../controlplane/controllers/endpoints/over-capacity.ts'
import type { EndpointAddress, EndpointSubset, ServiceSpec } from '../../../../../shared/api/generated/core-v1.ts'
import { ENDPOINTS, SERVICES } from '../../../../../shared/api/kinds.ts'
import { BoundPods } from '../../../../support/bound-pods.ts'
import { aService, someEndpoints } from '../../../../support/service-objects.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'

const WEB = { namespace: 'default', name: 'web' }

async function endpointsCluster() {
  const plane = await startTestControlPlane()
  const { client, clock } = plane
  plane.run(new EndpointsController(plane))
  const createService = (spec?: ServiceSpec, labels: Record<string, string> = {}) =>
    client.create(SERVICES, { ...aService('web', spec), metadata: { ...WEB, labels } })
  const endpoints = async () => {
    await clock.advance(200)
    return client.get(ENDPOINTS, WEB)
  }
  const gist = ({ addresses, notReadyAddresses, ports }: EndpointSubset) => ({
    ready: (addresses ?? []).map(({ ip }) => ip),
    ...(notReadyAddresses ? { notReady: notReadyAddresses.map(({ ip }) => ip) } : {}),
    ports: (ports ?? []).map(({ name, port }) => (name ? `${name}:${port}` : port)),
  })
  const subsets = async () => ((await endpoints()).subsets ?? []).map(gist)
  return { ...plane, pods: new BoundPods(client), createService, endpoints, subsets }
}

describe('the Endpoints of a Service', () => {
  it('say which Pods are ready, in order, and which are not', async () => {
    const { pods, createService, endpoints, subsets } = await endpointsCluster()
    await createService({}, { team: 'a' })
    await pods.add('web-1', { ip: '10.42.0.10' })
    await pods.add('web-2', { ip: '10.42.0.9' })
    await pods.add('web-3', { ip: '10.42.0.8', ready: false })
    expect(await subsets()).toEqual([{ ready: ['10.42.0.9', '10.42.0.10'], notReady: ['10.42.0.8'], ports: [80] }])
    const { metadata, subsets: all } = await endpoints()
    expect(metadata.labels).toMatchObject({ team: 'a', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' })
    expect(all?.[0]?.addresses?.[0]).toEqual({
      ip: '10.42.0.9',
      nodeName: 'n1',
      targetRef: { kind: 'Pod', namespace: 'default', name: 'web-2', uid: expect.any(String) },
    })
    await pods.terminate('web-1')
    await pods.setReady('web-3', true)
    expect(await subsets()).toEqual([{ ready: ['10.42.0.8', '10.42.0.9'], ports: [80] }])
  })

  it('are there without any Pod, and go with the Service', async () => {
    const { client, clock, createService, endpoints, subsets } = await endpointsCluster()
    await createService()
    expect(await subsets()).toEqual([])
    await client.delete(SERVICES, WEB)
    await clock.advance(200)
    await expect(endpoints()).rejects.toThrow('not found')
  })

  it('have a subset for each set of addresses that a port leads to', async () => {
    const { pods, createService, subsets } = await endpointsCluster()
    const ports = [
      { name: 'web', port: 80 },
      { name: 'stats', port: 90, targetPort: 'stats' },
    ]
    await createService({ ports })
    const withPort = (containerPort: number) => ({
      containers: [{ name: 'main', image: 'i', ports: [{ name: 'stats', containerPort }] }],
    })
    await pods.add('a', { ip: '10.42.0.4', spec: withPort(9001) })
    await pods.add('b', { ip: '10.42.0.5', spec: withPort(9002) })
    expect(await subsets()).toEqual([
      { ready: ['10.42.0.4'], ports: ['stats:9001'] },
      { ready: ['10.42.0.5'], ports: ['stats:9002'] },
      { ready: ['10.42.0.4', '10.42.0.5'], ports: ['web:80'] },
    ])
  })

  it('of a headless Service have hostnames, and need no ports', async () => {
    const { pods, createService, endpoints } = await endpointsCluster()
    await createService({ clusterIP: 'None', ports: [] })
    await pods.add('a', { ip: '10.42.0.4', spec: { hostname: 'one', subdomain: 'web' } })
    const { metadata, subsets } = await endpoints()
    expect(metadata.labels).toHaveProperty(['service.kubernetes.io/headless'], '')
    expect(subsets).toMatchObject([{ addresses: [{ ip: '10.42.0.4', hostname: 'one' }] }])
    expect(subsets?.[0]?.ports).toBeUndefined()
  })

  it('list every Pod as ready where the Service publishes those that are not', async () => {
    const { pods, createService, subsets } = await endpointsCluster()
    await createService({ publishNotReadyAddresses: true })
    await pods.add('a', { ip: '10.42.0.4', ready: false })
    await pods.add('b', { ip: '10.42.0.5' })
    await pods.terminate('b')
    expect(await subsets()).toEqual([{ ready: ['10.42.0.4', '10.42.0.5'], ports: [80] }])
  })

  it('are left as they were made by hand where there is no selector, and end with the Service all the same', async () => {
    const { client, clock, createService, endpoints } = await endpointsCluster()
    await client.create(ENDPOINTS, { ...someEndpoints('web'), metadata: WEB })
    await clock.advance(200)
    await createService({ selector: {} })
    expect((await endpoints()).subsets).toMatchObject([{ addresses: [{ ip: '10.42.0.5' }] }])
    await client.delete(SERVICES, WEB)
    await clock.advance(200)
    await expect(endpoints()).rejects.toThrow('not found')
  })

  it('are put right when they are changed or deleted', async () => {
    const { client, pods, createService, subsets } = await endpointsCluster()
    await createService()
    await pods.add('a', { ip: '10.42.0.4' })
    await subsets()
    await client.delete(ENDPOINTS, WEB)
    await subsets()
    await client.modify(ENDPOINTS, WEB, (draft) => {
      delete draft.subsets
    })
    expect(await subsets()).toEqual([{ ready: ['10.42.0.4'], ports: [80] }])
  })
})

describe('more than 1000 addresses', () => {
  const some = (count: number): EndpointAddress[] =>
    Array.from({ length: count }, (_, i) => ({ ip: `10.0.${i >> 8}.${i}` }))
  const sizes = (subsets: EndpointSubset[] | undefined) =>
    subsets?.map(({ addresses = [], notReadyAddresses = [] }) => [addresses.length, notReadyAddresses.length])

  it('are cut down by share, ready ones first', () => {
    expect(truncated([{ addresses: some(600), notReadyAddresses: some(400) }])).toBeUndefined()
    expect(
      sizes(truncated([{ addresses: some(1500), notReadyAddresses: some(10) }, { addresses: some(500) }])),
    ).toEqual([
      [750, 0],
      [250, 0],
    ])
    expect(
      sizes(truncated([{ addresses: some(700), notReadyAddresses: some(300) }, { notReadyAddresses: some(300) }])),
    ).toEqual([
      [700, 150],
      [0, 150],
    ])
  })
})
