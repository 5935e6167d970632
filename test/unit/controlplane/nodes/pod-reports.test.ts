import { describe, expect, it } from 'vitest'
import { ApiError } from '../../../../shared/api/api-error.ts'
import { EVENTS, PODS } from '../../../../shared/api/kinds.ts'
import { CLOSE_CODES } from '../../../../shared/protocol/frames.ts'
import { settle } from '../../../support/virtual-clock.ts'
import { podReport, startHub } from './hub-fixture.ts'

const key = (name: string) => ({ namespace: 'default', name })

describe('pod status reports', () => {
  it('are stored, then accepted', async () => {
    const { agent, pod, client } = await startHub()
    const web = await pod('web', 'n1')
    const { report, of } = await agent('n1')
    await report(
      podReport(web, 1, {
        status: { phase: 'Running', podIP: '10.0.0.9', conditions: [{ type: 'Ready', status: 'True' }] },
      }),
    )
    const stored = await client.get(PODS, key('web'))
    expect(stored.status).toMatchObject({ phase: 'Running', podIP: '10.0.0.9' })
    expect(stored.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime).toBeDefined()
    expect(of('podStatusAccepted').at(-1)).toEqual({ type: 'podStatusAccepted', sequence: 1 })
  })

  it('that say nothing new are accepted and not written', async () => {
    const { agent, pod, client, clock } = await startHub()
    const web = await pod('web', 'n1')
    const { report, of } = await agent('n1')
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
    await report(podReport(web, 1, { status }))
    const before = await client.get(PODS, key('web'))
    await clock.advance(5000)
    await report(podReport(web, 2, { status }))
    expect((await client.get(PODS, key('web'))).metadata.resourceVersion).toBe(before.metadata.resourceVersion)
    expect(of('podStatusAccepted').at(-1)?.sequence).toBe(2)
  })

  it('hold against whoever says otherwise while the agent is connected, as when its node was taken for lost', async () => {
    const { agent, pod, client, clock } = await startHub()
    const web = await pod('web', 'n1')
    const { report, of } = await agent('n1')
    await report(podReport(web, 1, { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }))
    const others = (draft: Awaited<ReturnType<typeof pod>>) => {
      draft.status = {
        ...draft.status,
        conditions: [
          { type: 'PodScheduled', status: 'True' },
          { type: 'Ready', status: 'False' },
        ],
      }
    }
    await client.modify(PODS, key('web'), others, { status: true })
    await clock.advance(100)
    const { status } = await client.get(PODS, key('web'))
    expect(status?.conditions?.map(({ type, status }) => `${type}=${status}`).sort()).toEqual([
      'PodScheduled=True',
      'Ready=True',
    ])
    expect(of('podStatusAccepted')).toHaveLength(1)
  })

  it("leave others' conditions and fields alone", async () => {
    const { agent, pod, client } = await startHub()
    const web = await pod('web', 'n1')
    const others = (draft: Awaited<ReturnType<typeof pod>>) => {
      draft.status = {
        ...draft.status,
        conditions: [
          { type: 'PodScheduled', status: 'True' },
          { type: 'example.com/gate', status: 'True' },
        ],
      }
    }
    await client.modify(PODS, key('web'), others, { status: true })
    const { report } = await agent('n1')
    await report(podReport(web, 1, { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] } }))
    const { status } = await client.get(PODS, key('web'))
    expect(status?.conditions?.map(({ type }) => type).sort()).toEqual(['PodScheduled', 'Ready', 'example.com/gate'])
    expect(status?.qosClass).toBe(web.status?.qosClass)
  })

  it("on another node's Pod, another Pod of that name, or none are let go and accepted", async () => {
    const { agent, pod, client } = await startHub()
    const foreign = await pod('foreign', 'n2')
    const mine = await pod('mine', 'n1')
    const { report, of } = await agent('n1')
    const ghost = { ...mine, metadata: { ...mine.metadata, name: 'ghost' } }
    await report(podReport(foreign, 1), podReport(mine, 2, { uid: 'earlier' }), podReport(ghost, 3))
    expect((await client.get(PODS, key('foreign'))).metadata.resourceVersion).toBe(foreign.metadata.resourceVersion)
    expect((await client.get(PODS, key('mine'))).metadata.resourceVersion).toBe(mine.metadata.resourceVersion)
    expect(of('podStatusAccepted').at(-1)?.sequence).toBe(3)
  })

  it('never bring back a Pod that has ended', async () => {
    const { agent, pod, client } = await startHub()
    const job = await pod('job', 'n1', { restartPolicy: 'Never' })
    const { report } = await agent('n1')
    await report(podReport(job, 1, { status: { phase: 'Failed', reason: 'Evicted' } }))
    await report(podReport(job, 2, { status: { phase: 'Running' } }))
    expect((await client.get(PODS, key('job'))).status).toMatchObject({ phase: 'Failed', reason: 'Evicted' })
  })

  it('of the end finish a deletion that was asked for, and no other', async () => {
    const { agent, pod, client } = await startHub()
    const done = await pod('done', 'n1', { restartPolicy: 'Never' })
    const leaving = await pod('leaving', 'n1')
    const { report, of } = await agent('n1')
    await client.delete(PODS, key('leaving'), { gracePeriodSeconds: 30 })
    const status = { phase: 'Succeeded' }
    await report(podReport(done, 1, { status, terminated: true }), podReport(leaving, 2, { status, terminated: true }))
    expect((await client.get(PODS, key('done'))).status?.phase).toBe('Succeeded')
    await expect(client.get(PODS, key('leaving'))).rejects.toMatchObject({ reason: 'NotFound' })
    expect(of('podStatusAccepted').at(-1)?.sequence).toBe(2)
  })

  it('are accepted only when stored, though others overtake them; of one Pod the newest is kept', async () => {
    let failing = true
    const { agent, pod, client, clock } = await startHub({
      wrap: (inner) => ({
        ...inner,
        modify: (kind, object, change, options) =>
          failing && object.name === 'slow'
            ? Promise.reject(new ApiError('ServiceUnavailable', 'disk full'))
            : inner.modify(kind, object, change, options),
      }),
    })
    const slow = await pod('slow', 'n1')
    const fast = await pod('fast', 'n1')
    const { report, of } = await agent('n1')
    await report(podReport(slow, 1), podReport(fast, 2))
    await report(podReport(slow, 3, { status: { phase: 'Running', podIP: '10.0.0.3' } }))
    await report(podReport(slow, 4, { status: { phase: 'Running', podIP: '10.0.0.4' } }))
    expect((await client.get(PODS, key('fast'))).status?.phase).toBe('Running')
    expect(of('podStatusAccepted')).toEqual([])
    failing = false
    await clock.advance(20_000)
    expect(of('podStatusAccepted').map(({ sequence }) => sequence)).toEqual([2, 4])
    expect((await client.get(PODS, key('slow'))).status?.podIP).toBe('10.0.0.4')
  })

  it('out of sequence end the connection', async () => {
    const { agent, pod } = await startHub()
    const web = await pod('web', 'n1')
    const { report, closed } = await agent('n1')
    await report(podReport(web, 1))
    await report(podReport(web, 1))
    expect(closed()?.code).toBe(CLOSE_CODES.badFrame)
  })
})

describe('events', () => {
  it('are told of Pods of the node and of the node itself, and of nothing else', async () => {
    const { agent, pod, client } = await startHub()
    const mine = await pod('mine', 'n1')
    const foreign = await pod('foreign', 'n2')
    const { frames } = await agent('n1')
    const about = ({ metadata }: typeof mine) => ({ namespace: 'default', name: metadata.name, uid: metadata.uid })
    frames.send({
      type: 'events',
      events: [
        { pod: about(mine), fieldPath: 'spec.containers{web}', type: 'Normal', reason: 'Pulled', message: 'here' },
        { pod: about(foreign), type: 'Normal', reason: 'Pulled', message: 'there' },
        { pod: { ...about(mine), uid: 'earlier' }, type: 'Normal', reason: 'Pulled', message: 'before' },
        { type: 'Normal', reason: 'Starting', message: 'Starting agent.' },
      ],
    })
    await settle(20)
    const { items } = await client.list(EVENTS)
    expect(items.map(({ involvedObject, message }) => `${involvedObject.name}: ${message}`).sort()).toEqual([
      'mine: here',
      'n1: Starting agent.',
    ])
    expect(items.map(({ involvedObject }) => involvedObject.fieldPath).sort()).toEqual([
      'spec.containers{web}',
      undefined,
    ])
    expect(items[0]?.source).toEqual({ component: 'kubette-agent', host: 'n1' })
  })
})
