import { describe, expect, it } from 'vitest'
import { NODES, PODS, SERVICES } from '../../../../../shared/api/kinds.ts'
import { CLOSE_CODES } from '../../../../../shared/protocol/frames.ts'
import { ENDING, endpoint, READY, startNetwork } from './network-fixture.ts'

const namespace = 'default'

/** A Pod of the Service `web` on n1 that is being deleted, and another node; both have applied all so far. */
async function startDeletion(spec: object = {}) {
  const network = await startNetwork()
  const { agent, client, clock, pod, service, slice, setReady } = network
  await service('web', spec)
  const { metadata } = await pod('web-1', 'n1')
  const { uid } = metadata
  await slice('web', [endpoint(uid, READY), endpoint('other', READY)])
  const [own, other] = [await agent('n1'), await agent('n2')]
  for (const name of ['n1', 'n2']) await setReady(name, true)
  await clock.advance(50)
  await client.delete(PODS, { namespace, name: 'web-1' }, { gracePeriodSeconds: 30 })
  await clock.advance(50)
  const applyAll = async () => {
    await own.apply()
    await other.apply()
  }
  await applyAll()
  return { ...network, uid, own, other, applyAll }
}

describe('draining a Pod', () => {
  it('is over when no slice offers it and every node goes by that', async () => {
    const { own, other, uid, setEndpoints } = await startDeletion()
    await own.drain('web-1', uid)
    expect(own.drained()).toEqual([])
    await setEndpoints('web', [endpoint(uid, ENDING), endpoint('other', READY)])
    await own.apply()
    expect(own.drained()).toEqual([])
    await other.apply()
    expect(own.drained()).toEqual([uid])
  })

  it('is over at once for a Pod of no Service, though a node is behind with others', async () => {
    const { own, client, clock, pod, setEndpoints } = await startDeletion()
    const { metadata } = await pod('batch', 'n1', 'batch', '10.42.1.9')
    await client.delete(PODS, { namespace, name: 'batch' }, { gracePeriodSeconds: 30 })
    await setEndpoints('web', [])
    await clock.advance(50)
    await own.drain('batch', metadata.uid)
    expect(own.drained()).toEqual([metadata.uid])
  })

  it('is not concluded from slices that the controller has not brought up to the deletion', async () => {
    const { own, uid, applyAll, clock, setEndpoints } = await startDeletion()
    // Not named at all: the controller may be about to write it as ready.
    await setEndpoints('web', [endpoint('other', READY)])
    await applyAll()
    await own.drain('web-1', uid)
    await clock.advance(20_000)
    expect(own.drained()).toEqual([])
    // Nor as one that is merely not ready.
    await setEndpoints('web', [endpoint(uid, { ready: false, serving: false, terminating: false })])
    await applyAll()
    expect(own.drained()).toEqual([])
    await setEndpoints('web', [endpoint(uid, ENDING)])
    await applyAll()
    expect(own.drained()).toEqual([uid])
  })

  it('is not concluded for a Service that has come only now', async () => {
    const { own, uid, applyAll, clock, setEndpoints, service, slice } = await startDeletion()
    await setEndpoints('web', [endpoint(uid, ENDING)])
    await service('second', { selector: { app: 'web' } })
    await clock.advance(50)
    await applyAll()
    await own.drain('web-1', uid)
    expect(own.drained()).toEqual([])
    await slice('second', [endpoint(uid, ENDING)])
    await clock.advance(50)
    await applyAll()
    expect(own.drained()).toEqual([uid])
  })

  it('waits while a Service that selects it no more still offers it', async () => {
    const { own, uid, applyAll, clock, select, setEndpoints } = await startDeletion()
    await select('web', 'green')
    await clock.advance(50)
    await applyAll()
    await own.drain('web-1', uid)
    expect(own.drained()).toEqual([])
    await setEndpoints('web', [])
    await applyAll()
    expect(own.drained()).toEqual([uid])
  })

  it('waits for nodes even where the Pod was withdrawn just before', async () => {
    const { own, uid, applyAll, select, setEndpoints } = await startDeletion()
    await select('web', 'green')
    await setEndpoints('web', [])
    await own.drain('web-1', uid)
    expect(own.drained()).toEqual([])
    await applyAll()
    expect(own.drained()).toEqual([uid])
  })

  it('is over when its Service is gone everywhere', async () => {
    const { own, uid, applyAll, client, clock } = await startDeletion()
    await own.drain('web-1', uid)
    await client.delete(SERVICES, { namespace, name: 'web' })
    await clock.advance(50)
    expect(own.drained()).toEqual([])
    await applyAll()
    expect(own.drained()).toEqual([uid])
  })

  it('does not wait for a Service to take back what it publishes in any state', async () => {
    const { own, uid, applyAll, setEndpoints } = await startDeletion({ publishNotReadyAddresses: true })
    await own.drain('web-1', uid)
    expect(own.drained()).toEqual([])
    await setEndpoints('web', [endpoint(uid, { ready: true, serving: true, terminating: true })])
    await applyAll()
    expect(own.drained()).toEqual([uid])
  })

  it('does not wait for slices that somebody wrote by hand', async () => {
    const { own, uid, applyAll, clock, setEndpoints, slice } = await startDeletion()
    await slice('hand-made', [endpoint(uid, READY)], {})
    await setEndpoints('web', [endpoint(uid, ENDING)])
    await clock.advance(50)
    await applyAll()
    await own.drain('web-1', uid)
    expect(own.drained()).toEqual([uid])
  })

  it('does not wait for a node that is lost', async () => {
    const { own, uid, clock, setEndpoints, setReady } = await startDeletion()
    await setEndpoints('web', [endpoint(uid, ENDING)])
    await own.drain('web-1', uid)
    await own.apply()
    expect(own.drained()).toEqual([])
    await setReady('n2', false)
    await clock.advance(50)
    await own.apply()
    expect(own.drained()).toEqual([uid])
  })

  it('waits five seconds at most for a node that gets no further, and then no more until it has caught up', async () => {
    const { own, other, uid, clock, setEndpoints } = await startDeletion()
    await setEndpoints('web', [endpoint(uid, ENDING), endpoint('other', READY)])
    await own.drain('web-1', uid)
    await own.apply()
    await clock.advance(4_900)
    expect(own.drained()).toEqual([])
    await clock.advance(200)
    expect(own.drained()).toEqual([uid])
    await setEndpoints('web', [endpoint('other', ENDING)])
    await own.apply()
    await own.drain('other', 'other')
    expect(own.drained()).toEqual([uid, 'other'])
    await other.apply()
    await setEndpoints('web', [endpoint(uid, READY)])
    await setEndpoints('web', [])
    await own.apply()
    await own.drain('web-1', uid)
    expect(own.drained()).toHaveLength(2)
  })

  it('waits for a node that is Ready and has not connected to this control plane yet', async () => {
    const { own, uid, applyAll, client, clock, setEndpoints, setReady } = await startDeletion()
    await client.create(NODES, {
      metadata: { name: 'n3' },
      spec: {},
    })
    await setReady('n3', true)
    await setEndpoints('web', [endpoint(uid, ENDING)])
    await applyAll()
    await own.drain('web-1', uid)
    expect(own.drained()).toEqual([])
    await clock.advance(5_000)
    expect(own.drained()).toEqual([uid])
  })

  it('is told to the connection that asked last', async () => {
    const { agent, uid, own, applyAll, setEndpoints } = await startDeletion()
    await own.drain('web-1', uid)
    const again = await agent('n1')
    await setEndpoints('web', [endpoint(uid, ENDING)])
    await again.drain('web-1', uid)
    expect(again.drained()).toEqual([])
    await applyAll()
    await again.apply()
    expect([own.drained(), again.drained()]).toEqual([[], [uid]])
  })

  it('is no business of another node', async () => {
    const { other, uid, clock } = await startDeletion()
    await other.drain('web-1', uid)
    await clock.advance(10)
    expect(other.closed()).toMatchObject({ code: CLOSE_CODES.badFrame })
  })
})
