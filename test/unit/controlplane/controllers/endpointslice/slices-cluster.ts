import { EndpointSliceController } from '../../../../../controlplane/controllers/endpointslice/endpointslice-controller.ts'
import { GarbageCollector } from '../../../../../controlplane/controllers/garbage-collector/garbage-collector.ts'
import type { Endpoint } from '../../../../../shared/api/generated/discovery-v1.ts'
import { ENDPOINT_SLICES, type EndpointSlice, NODES, SERVICES } from '../../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../../shared/api/object.ts'
import { BoundPods } from '../../../../support/bound-pods.ts'
import { aService } from '../../../../support/service-objects.ts'
import { startTestControlPlane, type TestControlPlaneOptions } from '../../../../support/test-control-plane.ts'

type Spec = Parameters<typeof aService>[1]

/** The controller of EndpointSlices, three nodes, and Pods that a test sets. */
export async function slicesCluster(options: TestControlPlaneOptions = {}) {
  const plane = await startTestControlPlane(options)
  const { client, clock } = plane
  plane.run(new EndpointSliceController(plane), new GarbageCollector(plane))
  for (const [index, name] of ['n1', 'n2', 'n3'].entries()) {
    const labels = { 'topology.kubernetes.io/zone': `z${index + 1}` }
    await client.create(NODES, { metadata: { name, labels }, spec: {} })
  }
  await clock.advance(0)
  const slicesOf = async (name: string) => {
    const { items } = await client.list(ENDPOINT_SLICES, { namespace: 'default' })
    return items.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
  }
  return {
    ...plane,
    pods: new BoundPods(client),
    slicesOf,
    createService: (name: string, spec?: Spec, labels?: Record<string, string>) =>
      client.create(SERVICES, {
        ...aService(name, spec),
        metadata: { namespace: 'default', name, ...(labels ? { labels } : {}) },
      }),
    /** Of a Service that has one slice. */
    sliceOf: async (name: string): Promise<Persisted<EndpointSlice>> => {
      const slices = await slicesOf(name)
      if (slices.length !== 1 || !slices[0]) throw new Error(`${name} has ${slices.length} slices`)
      return slices[0]
    },
    endpointsOf: async (name: string): Promise<Endpoint[]> =>
      (await slicesOf(name)).flatMap(({ endpoints = [] }) => endpoints),
  }
}
