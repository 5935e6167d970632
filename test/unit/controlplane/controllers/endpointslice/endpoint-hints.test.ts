import { describe, expect, it } from 'vitest'
import { slicesCluster } from './slices-cluster.ts'

describe('the endpoints of a Service with a trafficDistribution', () => {
  it.each([
    [undefined, undefined],
    ['PreferClose', { forZones: [{ name: 'z2' }] }],
    ['PreferSameZone', { forZones: [{ name: 'z2' }] }],
    ['PreferSameNode', { forZones: [{ name: 'z2' }], forNodes: [{ name: 'n2' }] }],
  ])('say whose they are first: %s', async (trafficDistribution, hints) => {
    const { clock, pods, createService, endpointsOf } = await slicesCluster()
    await createService('web', trafficDistribution ? { trafficDistribution } : {})
    await pods.add('web-1', { ip: '10.42.1.4', nodeName: 'n2' })
    await clock.advance(100)
    expect((await endpointsOf('web')).map((endpoint) => endpoint.hints)).toEqual([hints])
    await pods.setReady('web-1', false)
    await clock.advance(100)
    expect((await endpointsOf('web')).map((endpoint) => endpoint.hints)).toEqual([undefined])
  })
})
