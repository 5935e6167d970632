import { describe, expect, it } from 'vitest'
import { EndpointSliceMirroring } from '../../../../../controlplane/controllers/endpointslice-mirroring/endpointslice-mirroring.ts'
import { GarbageCollector } from '../../../../../controlplane/controllers/garbage-collector/garbage-collector.ts'
import type { EndpointSubset } from '../../../../../shared/api/generated/core-v1.ts'
import type { ObjectMeta } from '../../../../../shared/api/generated/meta-v1.ts'
import { ENDPOINT_SLICES, ENDPOINTS, EVENTS, SERVICES } from '../../../../../shared/api/kinds.ts'
import { aService } from '../../../../support/service-objects.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'

const DB = { namespace: 'default', name: 'db' }
const SUBSETS: EndpointSubset[] = [
  {
    addresses: [{ ip: '192.0.2.1', hostname: 'one' }],
    notReadyAddresses: [{ ip: '192.0.2.2' }],
    ports: [{ port: 5432 }],
  },
]

async function mirrorCluster() {
  const plane = await startTestControlPlane()
  const { client, clock } = plane
  plane.run(new EndpointSliceMirroring(plane), new GarbageCollector(plane))
  await clock.advance(0)
  return {
    ...plane,
    createService: (selector: Record<string, string> = {}) =>
      client.create(SERVICES, { ...aService('db', { selector }), metadata: DB }),
    createEndpoints: (subsets = SUBSETS, metadata: Partial<ObjectMeta> = {}) =>
      client.create(ENDPOINTS, { metadata: { ...DB, ...metadata }, subsets }),
    slices: async () => {
      await clock.advance(100)
      return (await client.list(ENDPOINT_SLICES)).items
    },
  }
}

describe('Endpoints made by hand', () => {
  it('are mirrored to slices that they own, whichever of them and the Service comes first', async () => {
    const { createService, createEndpoints, slices } = await mirrorCluster()
    await createEndpoints(SUBSETS, { labels: { a: 'b' }, annotations: { note: 'mine' } })
    expect(await slices()).toEqual([])
    await createService()
    const [slice, ...more] = await slices()
    expect(more).toEqual([])
    expect(slice).toMatchObject({
      metadata: {
        generateName: 'db-',
        annotations: { note: 'mine' },
        labels: {
          a: 'b',
          'kubernetes.io/service-name': 'db',
          'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
        },
        ownerReferences: [{ kind: 'Endpoints', name: 'db' }],
      },
      addressType: 'IPv4',
      ports: [{ port: 5432, protocol: 'TCP' }],
      endpoints: [
        { addresses: ['192.0.2.1'], hostname: 'one', conditions: { ready: true } },
        { addresses: ['192.0.2.2'], conditions: { ready: false } },
      ],
    })
  })

  it('are followed: the same slice is written again, and goes with them', async () => {
    const { client, createService, createEndpoints, slices } = await mirrorCluster()
    await createService()
    await createEndpoints()
    const [before] = await slices()
    await client.modify(ENDPOINTS, DB, (draft) => {
      draft.subsets = [{ addresses: [{ ip: '192.0.2.9' }], ports: [{ port: 5433 }] }]
      draft.metadata.annotations = { note: 'new' }
    })
    const [after, ...more] = await slices()
    expect([after?.metadata.name, more]).toEqual([before?.metadata.name, []])
    expect(after).toMatchObject({
      metadata: { annotations: { note: 'new' } },
      ports: [{ port: 5433 }],
      endpoints: [{ addresses: ['192.0.2.9'] }],
    })
    await client.delete(ENDPOINTS, DB)
    expect(await slices()).toEqual([])
  })

  it('have a slice for each family and set of ports', async () => {
    const { createService, createEndpoints, slices } = await mirrorCluster()
    await createService()
    await createEndpoints([
      { addresses: [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }], ports: [{ port: 1 }] },
      { addresses: [{ ip: '192.0.2.2' }], ports: [{ port: 1 }] },
      { addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 2 }] },
    ])
    const found = (await slices()).map(
      ({ addressType, ports, endpoints }) => `${addressType} ${ports?.[0]?.port} ${endpoints?.length}`,
    )
    expect(found.sort()).toEqual(['IPv4 1 2', 'IPv4 2 1', 'IPv6 1 1'])
  })

  it('are not mirrored where they say so, serve as a lock, or the Service selects Pods', async () => {
    const { client, createService, createEndpoints, slices } = await mirrorCluster()
    await createService()
    await createEndpoints(SUBSETS, { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } })
    expect(await slices()).toEqual([])
    await client.modify(ENDPOINTS, DB, (draft) => {
      draft.metadata.labels = {}
      draft.metadata.annotations = { 'control-plane.alpha.kubernetes.io/leader': '{}' }
    })
    expect(await slices()).toEqual([])
    await client.modify(ENDPOINTS, DB, (draft) => {
      draft.metadata.annotations = {}
    })
    expect(await slices()).toHaveLength(1)
    await client.modify(SERVICES, DB, ({ spec }) => {
      spec.selector = { app: 'db' }
    })
    expect(await slices()).toEqual([])
  })

  it('of more than 1000 addresses are cut off, and told of', async () => {
    const { client, createService, createEndpoints, slices } = await mirrorCluster()
    await createService()
    const addresses = Array.from({ length: 1003 }, (_, i) => ({ ip: `192.0.${i >> 8}.${i & 255}` }))
    await createEndpoints([{ addresses, ports: [{ port: 1 }] }])
    expect((await slices()).map(({ endpoints }) => endpoints?.length)).toEqual([1000])
    expect((await client.list(EVENTS)).items[0]).toMatchObject({
      reason: 'TooManyAddressesToMirror',
      message:
        'A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 3 addresses were skipped',
      involvedObject: { kind: 'Endpoints', name: 'db' },
    })
  })
})
