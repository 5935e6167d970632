import { describe, expect, it } from 'vitest'
import { ENDPOINT_SLICES, NODES, SERVICES } from '../../../../../shared/api/kinds.ts'
import { DEFAULT_CLUSTER_FACTS } from '../../../../../shared/cluster-facts.ts'
import { CLOSE_CODES } from '../../../../../shared/protocol/frames.ts'
import type { NetworkFrame } from '../../../../../shared/protocol/network-frames.ts'
import { endpoint, READY, startNetwork } from './network-fixture.ts'

const names = (frame: NetworkFrame | undefined) =>
  frame?.set.map(({ kind, object }) => `${kind} ${'metadata' in object ? object.metadata.name : object.name}`)
const namespace = 'default'

describe('what agents are told of the network', () => {
  it('begins with all of it, cut down to what they need', async () => {
    const { agent, clock, service, slice } = await startNetwork()
    await service('web', { clusterIP: '10.43.0.20' })
    await slice('web', [endpoint('u1', READY)])
    await clock.advance(20)
    const { network } = await agent('n1')
    expect(network()[0]).toMatchObject({
      mode: 'complete',
      appliesTo: 0,
      more: false,
      cluster: DEFAULT_CLUSTER_FACTS,
    })
    expect(names(network()[0])).toEqual(['Service web', 'EndpointSlice web'])
    expect(names(network()[1])).toEqual(['Node n1'])
    const [web] = network()[0]?.set ?? []
    expect(web?.object).not.toHaveProperty('spec.selector')
    expect(web?.object).toMatchObject({ spec: { clusterIP: '10.43.0.20' } })
    expect(Object.keys(Object(web?.object).metadata).sort()).toEqual([
      'creationTimestamp',
      'name',
      'namespace',
      'resourceVersion',
      'uid',
    ])
  })

  it('goes on with changes, several at once in one frame, the same for all', async () => {
    const { agent, client, clock, service, slice, setEndpoints } = await startNetwork()
    const [a, b] = [await agent('n1'), await agent('n2')]
    await clock.advance(100)
    const before = a.network().length
    await service('web')
    await slice('web', [])
    await clock.advance(20)
    await setEndpoints('web', [endpoint('u1', READY)])
    await client.delete(SERVICES, { namespace, name: 'web' })
    await clock.advance(20)
    const changes = a.network().slice(before)
    expect(changes.map((frame) => [names(frame), frame.remove.map(({ kind }) => kind)])).toEqual([
      [['Service web', 'EndpointSlice web'], []],
      [['EndpointSlice web'], []],
      [[], ['Service']],
    ])
    expect(b.network().slice(-3)).toEqual(changes)
    for (const frame of changes) expect(frame.appliesTo).toBe(frame.resultsIn - 1)
  })

  it('does not repeat what tells a node nothing', async () => {
    const { agent, client, clock, slice } = await startNetwork()
    await slice('web', [endpoint('u1', READY)])
    const { network } = await agent('n1')
    await clock.advance(100)
    const before = network().length
    await client.modify(ENDPOINT_SLICES, { namespace, name: 'web' }, ({ metadata }) => {
      metadata.annotations = { 'endpoints.kubernetes.io/last-change-trigger-time': '2030-01-01T00:00:00Z' }
    })
    await client.modify(NODES, { name: 'n1' }, ({ spec = {} }) => {
      spec.unschedulable = true
    })
    await clock.advance(100)
    expect(network()).toHaveLength(before)
  })

  it('leaves out slices of no Service', async () => {
    const { agent, slice } = await startNetwork()
    await slice('loose', [endpoint('u1', READY)], { 'kubernetes.io/service-name': '' })
    const { network } = await agent('n1')
    expect(names(network()[0])).toEqual([])
  })

  it('is all anew for who asks, without a version that the others would see', async () => {
    const { agent, clock, service } = await startNetwork()
    const [a, b] = [await agent('n1'), await agent('n2')]
    await service('web')
    await clock.advance(100)
    const before = b.network().length
    a.frames.send({ type: 'networkResync' })
    await clock.advance(100)
    expect(a.network().at(-1)).toMatchObject({ mode: 'complete', resultsIn: b.network().at(-1)?.resultsIn })
    expect(names(a.network().at(-1))).toEqual(['Node n1', 'Node n2', 'Service web'])
    expect(b.network()).toHaveLength(before)
  })

  it('closes the connection of an agent that has applied what it was never sent', async () => {
    const { agent, clock } = await startNetwork()
    const { closed, frames, network } = await agent('n1')
    frames.send({ type: 'networkApplied', version: (network().at(-1)?.resultsIn ?? 0) + 1 })
    await clock.advance(10)
    expect(closed()).toMatchObject({ code: CLOSE_CODES.badFrame, reason: expect.stringContaining('never sent') })
  })

  it('waits until all Services and slices are known', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { agent, clock, service } = await startNetwork({
      wrap: (client) => ({
        ...client,
        list: async (kind, options) => {
          if (kind.plural === SERVICES.plural) await gate
          return client.list(kind, options)
        },
      }),
    })
    await service('web')
    const { network } = await agent('n1')
    await clock.advance(1000)
    expect(network()).toEqual([])
    release()
    await clock.advance(100)
    expect(names(network()[0])).toContain('Service web')
  })
})
