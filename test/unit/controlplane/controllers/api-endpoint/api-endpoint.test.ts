import { describe, expect, it } from 'vitest'
import { ApiEndpointController } from '../../../../../controlplane/controllers/api-endpoint/api-endpoint.ts'
import { ENDPOINT_SLICES, ENDPOINTS, SERVICES } from '../../../../../shared/api/kinds.ts'
import { KUBERNETES_SERVICE } from '../../../../../shared/kubernetes-service.ts'
import { startTestControlPlane, type TestControlPlane } from '../../../../support/test-control-plane.ts'

async function startAt(
  address: string | (() => string | undefined),
  before?: TestControlPlane,
): Promise<TestControlPlane> {
  const plane = await startTestControlPlane(before ? { clock: before.clock, registry: before.registry } : {})
  plane.run(
    new ApiEndpointController(plane, {
      port: 7443,
      address: typeof address === 'string' ? () => address : address,
      clusterIP: '10.43.0.1',
    }),
  )
  await plane.clock.advance(100)
  return plane
}

async function stateOf({ client }: TestControlPlane) {
  const { subsets } = await client.get(ENDPOINTS, KUBERNETES_SERVICE)
  const { metadata, addressType, endpoints, ports } = await client.get(ENDPOINT_SLICES, KUBERNETES_SERVICE)
  return { subsets, slice: { labels: metadata.labels, addressType, endpoints, ports } }
}

const ports = [{ name: 'https', port: 7443, protocol: 'TCP' }]
const stateWith = (ip: string) => ({
  subsets: [{ addresses: [{ ip }], ports }],
  slice: {
    labels: { 'kubernetes.io/service-name': 'kubernetes' },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports,
  },
})

describe('what says where the API is', () => {
  it('is made, and made anew when somebody deletes or changes it', async () => {
    const plane = await startAt('192.0.2.1')
    expect(await stateOf(plane)).toEqual(stateWith('192.0.2.1'))
    for (const kind of [SERVICES, ENDPOINTS]) await plane.client.delete(kind, KUBERNETES_SERVICE)
    await plane.client.modify(ENDPOINT_SLICES, KUBERNETES_SERVICE, (slice) => {
      slice.endpoints = []
      delete slice.metadata.labels
    })
    await plane.clock.advance(100)
    expect(await stateOf(plane)).toEqual(stateWith('192.0.2.1'))
    const { spec, metadata } = await plane.client.get(SERVICES, KUBERNETES_SERVICE)
    expect(metadata.labels).toEqual({ component: 'apiserver', provider: 'kubernetes' })
    expect(spec.clusterIP).toBe('10.43.0.1')
    expect(spec.ports).toEqual([{ name: 'https', port: 443, protocol: 'TCP', targetPort: 7443 }])
  })

  it('follows the machine to another address while it runs', async () => {
    let address: string | undefined
    const plane = await startAt(() => address)
    await expect(stateOf(plane)).rejects.toThrow('not found')
    for (const next of ['192.0.2.1', '192.0.2.2']) {
      address = next
      await plane.clock.advance(10_000)
      expect(await stateOf(plane)).toEqual(stateWith(next))
    }
  })

  it('follows the machine to another address over a restart, and writes nothing where that stays', async () => {
    const first = await startAt('192.0.2.1')
    await first.stop()
    const second = await startAt('192.0.2.2', first)
    expect(await stateOf(second)).toEqual(stateWith('192.0.2.2'))
    const { metadata } = await second.client.get(ENDPOINT_SLICES, KUBERNETES_SERVICE)
    await second.stop()
    const third = await startAt('192.0.2.2', second)
    expect((await third.client.get(ENDPOINT_SLICES, KUBERNETES_SERVICE)).metadata).toEqual(metadata)
  })
})
