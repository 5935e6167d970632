import { describe, expect, it } from 'vitest'
import type { Client } from '../../../../../controlplane/client/client.ts'
import { ENDPOINT_SLICES, EVENTS, NODES, PODS, SERVICES } from '../../../../../shared/api/kinds.ts'
import { sleep } from '../../../../../shared/clock.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'
import { slicesCluster } from './slices-cluster.ts'

const WEB = { namespace: 'default', name: 'web' }

describe('the EndpointSlice of a Service', () => {
  it('says where it comes from, whose it is, and where its Pods are', async () => {
    const { clock, pods, createService, sliceOf } = await slicesCluster()
    const service = await createService('web', { ports: [{ name: 'http', port: 80, targetPort: 8080 }] }, { team: 'a' })
    await pods.add('web-1', { ip: '10.42.0.4', nodeName: 'n2' })
    await clock.advance(100)
    const slice = await sliceOf('web')
    expect(slice.metadata).toMatchObject({
      generateName: 'web-',
      name: expect.stringMatching(/^web-/),
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'Service',
          name: 'web',
          uid: service.metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    })
    expect(slice.metadata.labels).toEqual({
      team: 'a',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      ...(service.spec.clusterIP ? {} : { 'service.kubernetes.io/headless': '' }),
    })
    expect(slice).toMatchObject({ addressType: 'IPv4', ports: [{ name: 'http', protocol: 'TCP', port: 8080 }] })
    expect(slice.endpoints).toEqual([
      {
        addresses: ['10.42.0.4'],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', namespace: 'default', name: 'web-1', uid: expect.any(String) },
        nodeName: 'n2',
        zone: 'z2',
      },
    ])
  })

  it('is there, and empty, while no Pod is; the same one is filled later', async () => {
    const { clock, pods, createService, sliceOf } = await slicesCluster()
    await createService('web')
    await pods.add('web-1')
    await clock.advance(100)
    const empty = await sliceOf('web')
    expect([empty.ports, empty.endpoints]).toEqual([undefined, undefined])
    await pods.run('web-1', '10.42.0.4', true)
    await clock.advance(100)
    const { metadata, endpoints } = await sliceOf('web')
    expect([metadata.name, endpoints?.length]).toEqual([empty.metadata.name, 1])
  })

  it('follows a Pod through its life within milliseconds', async () => {
    const { clock, pods, createService, endpointsOf } = await slicesCluster()
    await createService('web')
    const conditions = async () => {
      await clock.advance(20)
      return (await endpointsOf('web')).map((endpoint) => endpoint.conditions)
    }
    await pods.add('web-1', { ip: '10.42.0.4', ready: false })
    expect(await conditions()).toEqual([{ ready: false, serving: false, terminating: false }])
    await pods.setReady('web-1', true)
    expect(await conditions()).toEqual([{ ready: true, serving: true, terminating: false }])
    await pods.terminate('web-1')
    expect(await conditions()).toEqual([{ ready: false, serving: true, terminating: true }])
    await pods.setReady('web-1', false)
    expect(await conditions()).toEqual([{ ready: false, serving: false, terminating: true }])
    await pods.remove('web-1')
    expect(await conditions()).toEqual([])
  })

  it('leaves out Pods that have ended, that it does not select, or whose node is unknown', async () => {
    const { client, clock, pods, createService, endpointsOf } = await slicesCluster()
    await createService('web')
    await pods.add('done', { ip: '10.42.0.4' })
    await pods.setStatus('done', { phase: 'Succeeded' })
    await pods.add('other', { ip: '10.42.0.5', labels: { app: 'other' } })
    await pods.add('lost', { ip: '10.42.0.6', nodeName: 'n9' })
    await clock.advance(100)
    expect(await endpointsOf('web')).toEqual([])
    await client.create(NODES, { metadata: { name: 'n9' }, spec: {} })
    await clock.advance(100)
    expect(await endpointsOf('web')).toMatchObject([{ addresses: ['10.42.0.6'] }])
  })

  it('calls every Pod ready where the Service publishes those that are not', async () => {
    const { clock, pods, createService, endpointsOf } = await slicesCluster()
    await createService('web', { publishNotReadyAddresses: true })
    await pods.add('web-1', { ip: '10.42.0.4', ready: false, nodeName: 'n9' })
    await pods.terminate('web-1')
    await clock.advance(100)
    expect((await endpointsOf('web')).map((endpoint) => endpoint.conditions)).toEqual([
      { ready: true, serving: false, terminating: true },
    ])
  })

  it('names the Pods of a headless Service by their hostnames, and marks the slice', async () => {
    const { clock, pods, createService, sliceOf } = await slicesCluster()
    await createService('web', { clusterIP: 'None' })
    await pods.add('web-1', { ip: '10.42.0.4', spec: { hostname: 'one', subdomain: 'web' } })
    await pods.add('web-2', { ip: '10.42.0.5', spec: { hostname: 'two', subdomain: 'elsewhere' } })
    await clock.advance(100)
    const { metadata, endpoints } = await sliceOf('web')
    expect(endpoints?.map(({ hostname }) => hostname)).toEqual(['one', undefined])
    expect(metadata.labels).toHaveProperty(['service.kubernetes.io/headless'], '')
  })

  it('has one slice for each set of ports that a name leads to', async () => {
    const { clock, pods, createService, slicesOf } = await slicesCluster()
    await createService('web', { ports: [{ port: 80, targetPort: 'http' }] })
    const withPort = (containerPort: number) => ({
      containers: [{ name: 'main', image: 'i', ports: [{ name: 'http', containerPort }] }],
    })
    await pods.add('old', { ip: '10.42.0.4', spec: withPort(8080) })
    await pods.add('new', { ip: '10.42.0.5', spec: withPort(9090) })
    await pods.add('none', { ip: '10.42.0.6' })
    await clock.advance(100)
    const found = (await slicesOf('web')).map(({ ports, endpoints }) => [
      (ports ?? []).map(({ port }) => port),
      endpoints?.map(({ addresses }) => addresses[0]),
    ])
    expect(found.sort()).toEqual([
      [[], ['10.42.0.6']],
      [[8080], ['10.42.0.4']],
      [[9090], ['10.42.0.5']],
    ])
  })

  it('follows the labels and ports of its Service, and of its Pods', async () => {
    const { client, clock, pods, createService, sliceOf } = await slicesCluster()
    await createService('web')
    await pods.add('web-1', { ip: '10.42.0.4' })
    await clock.advance(100)
    const before = await sliceOf('web')
    await client.modify(SERVICES, WEB, (service) => {
      service.metadata.labels = { tier: 'front' }
      service.spec.ports = [{ port: 81 }]
    })
    await clock.advance(100)
    const after = await sliceOf('web')
    expect(after).toMatchObject({
      metadata: { name: before.metadata.name, labels: { tier: 'front' } },
      ports: [{ port: 81 }],
    })
    await client.modify(PODS, { ...WEB, name: 'web-1' }, (pod) => {
      pod.metadata.labels = {}
    })
    await clock.advance(100)
    expect((await sliceOf('web')).endpoints).toBeUndefined()
  })

  it('is made again when it is deleted, and put right when it is changed by hand', async () => {
    const { client, clock, pods, createService, sliceOf, endpointsOf } = await slicesCluster()
    await createService('web')
    await pods.add('web-1', { ip: '10.42.0.4' })
    await clock.advance(100)
    await client.delete(ENDPOINT_SLICES, (await sliceOf('web')).metadata)
    await clock.advance(100)
    await client.modify(ENDPOINT_SLICES, (await sliceOf('web')).metadata, (slice) => {
      slice.endpoints = []
    })
    await clock.advance(100)
    expect(await endpointsOf('web')).toHaveLength(1)
  })

  it('goes with its Service, and a new Service of the same name gets its own', async () => {
    const { client, clock, pods, createService, slicesOf, sliceOf } = await slicesCluster()
    await createService('web')
    await pods.add('web-1', { ip: '10.42.0.4' })
    await clock.advance(100)
    await client.delete(SERVICES, WEB)
    const { metadata } = await createService('web')
    await clock.advance(100)
    expect((await sliceOf('web')).metadata.ownerReferences?.[0]?.uid).toBe(metadata.uid)
    await client.delete(SERVICES, WEB)
    await clock.advance(100)
    expect(await slicesOf('web')).toEqual([])
  })

  it('is not made for a Service without a selector, or that is a mere name', async () => {
    const { clock, createService, slicesOf } = await slicesCluster()
    const { metadata } = await createService('none', { selector: {} })
    await createService('name', { type: 'ExternalName', externalName: 'example.com' })
    await clock.advance(100)
    expect(metadata.name).toBe('none')
    expect([await slicesOf('none'), await slicesOf('name')]).toEqual([[], []])
  })
})

describe('many changes', () => {
  it('that come in one burst are written a few times only', async () => {
    let writes = 0
    const counted = (client: Client): Client => ({
      ...client,
      update: (kind, object) => {
        if (kind.type === ENDPOINT_SLICES.type) writes++
        return client.update(kind, object)
      },
    })
    const { clock, pods, createService, endpointsOf } = await slicesCluster({ wrap: counted })
    await createService('web')
    for (let i = 0; i < 25; i++) await pods.add(`web-${i}`, { ip: `10.42.0.${i + 4}`, ready: false })
    await clock.advance(100)
    writes = 0
    for (let i = 0; i < 25; i++) {
      await pods.setReady(`web-${i}`, true)
      await clock.advance(1)
    }
    await clock.advance(100)
    expect((await endpointsOf('web')).every((endpoint) => endpoint.conditions?.ready)).toBe(true)
    expect(writes).toBeLessThanOrEqual(3)
  })
})

describe('when the informer lags', () => {
  it('makes no second slice for what it has just written', async () => {
    const clock = new VirtualClock()
    async function* late<T>(events: AsyncIterable<T>): AsyncIterable<T> {
      for await (const event of events) {
        await sleep(clock, 300)
        yield event
      }
    }
    const lagging = (client: Client): Client => ({
      ...client,
      watch: (kind, options, signal) => {
        const events = client.watch(kind, options, signal)
        return kind.type === ENDPOINT_SLICES.type ? late(events) : events
      },
    })
    const { pods, createService, slicesOf, endpointsOf } = await slicesCluster({ clock, wrap: lagging })
    await createService('web', { ports: [{ port: 80, targetPort: 'http' }] })
    for (let i = 0; i < 5; i++) {
      await pods.add(`web-${i}`, { ip: `10.42.0.${i + 4}` })
      await clock.advance(50)
      expect((await slicesOf('web')).length).toBeLessThanOrEqual(1)
    }
    await clock.advance(2_000)
    expect(await endpointsOf('web')).toHaveLength(5)
    expect(await slicesOf('web')).toHaveLength(1)
  })
})

describe('when the API refuses', () => {
  it('tells it with an event, and tries again', async () => {
    let refused = 0
    const flaky = (client: Client): Client => ({
      ...client,
      create: async (kind, object) => {
        if (kind.type === ENDPOINT_SLICES.type && refused++ < 2) throw new Error('the disk is full')
        return client.create(kind, object)
      },
    })
    const { client, clock, createService, slicesOf } = await slicesCluster({ wrap: flaky })
    await createService('web')
    await clock.advance(1_000)
    expect(await slicesOf('web')).toHaveLength(1)
    const events = (await client.list(EVENTS)).items.filter(({ reason }) => reason === 'FailedToUpdateEndpointSlices')
    expect(events).toMatchObject([
      {
        type: 'Warning',
        count: 2,
        involvedObject: { kind: 'Service', name: 'web' },
        source: { component: 'endpoint-slice-controller' },
        message: 'Error updating Endpoint Slices for Service default/web: the disk is full',
      },
    ])
  })
})
