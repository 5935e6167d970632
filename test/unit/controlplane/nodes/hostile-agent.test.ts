import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EVENTS, LEASES, NODES, PODS } from '../../../../shared/api/kinds.ts'
import type { PodReport } from '../../../../shared/protocol/frames.ts'
import { settle } from '../../../support/virtual-clock.ts'
import { NODE_REPORT, podReport, startHub } from './hub-fixture.ts'

const FRAMES = [
  { type: 'hello', protocolVersion: 1, agentVersion: '0', assignmentsVersion: 0, node: NODE_REPORT },
  { type: 'heartbeat' },
  { type: 'nodeStatus', status: NODE_REPORT },
  { type: 'resync' },
  { type: 'podStatus', reports: [{ sequence: 1, namespace: 'a', name: 'b', uid: 'c', status: {}, terminated: true }] },
  {
    type: 'events',
    events: [{ pod: { namespace: 'a', name: 'b', uid: 'c' }, type: 'Normal', reason: 'r', message: 'm' }],
  },
  { type: 'streamOpened', stream: 7 },
  { type: 'streamCredit', stream: 7, bytes: 2 ** 50 },
  { type: 'streamEnd', stream: 7, error: { code: 500 } },
]
const ODD: unknown[] = [null, -1, 1e300, '', 'x'.repeat(5000), [], {}, [[]], { __proto__: null }, true, '\0', '../..']

/** A frame with some of its members replaced, as text that may be damaged too; or bytes of any kind. */
const garbage: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...FRAMES),
      fc.array(fc.tuple(fc.nat(40), fc.constantFrom(...ODD)), { maxLength: 3 }),
      fc.nat(400),
    )
    .map(([frame, changes, cut]) => {
      let count = 0
      const text = JSON.stringify(frame, (key, value) => {
        const change = changes.find(([at]) => key !== '' && at === count++)
        return change ? change[1] : value
      })
      return cut > 350 ? text.slice(0, cut - 350) : text
    }),
  fc.uint8Array({ maxLength: 40 }),
  fc.string(),
  fc.json(),
)

describe('an agent that sends garbage', () => {
  it('loses its connection at most; the hub and the other nodes go on', { timeout: 60_000 }, async () => {
    const { agent, hub, node, clock, pod } = await startHub()
    const honest = await agent('honest')
    const web = await pod('web', 'honest')
    const before = await node('honest')
    await fc.assert(
      fc.asyncProperty(fc.array(garbage, { minLength: 1, maxLength: 8 }), fc.boolean(), async (messages, hello) => {
        const rude = await agent('rude', { hello })
        for (const message of messages) rude.pair.b.send(message)
        await settle(5)
        rude.pair.cut()
        await settle(2)
        expect(hub.connected()).toContain('honest')
      }),
      { numRuns: 150, seed: 4 },
    )
    honest.frames.send({ type: 'heartbeat' })
    await clock.advance(100)
    await honest.report(podReport(web, 1))
    expect(honest.of('heartbeat').length).toBeGreaterThan(0)
    expect(honest.of('podStatusAccepted')).toEqual([{ type: 'podStatusAccepted', sequence: 1 }])
    expect((await node('honest')).metadata.resourceVersion).toBe(before.metadata.resourceVersion)
  })
})

describe('an agent that acts for another node', () => {
  it('changes nothing with any frame', async () => {
    const { agent, pod, client, node, clock } = await startHub()
    await agent('victim')
    const thief = await agent('thief')
    const web = await pod('web', 'victim')
    await client.delete(PODS, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 30 })
    const key = { namespace: 'default', name: 'web' }
    const before = [await client.get(PODS, key), await node('victim'), await lease()]
    async function lease() {
      return client.get(LEASES, { namespace: 'kube-node-lease', name: 'victim' })
    }
    const { namespace = '', name, uid } = web.metadata
    const report: PodReport = podReport(web, 1, { status: { phase: 'Failed' }, terminated: true })
    const events = [{ pod: { namespace, name, uid }, type: 'Warning' as const, reason: 'Forged', message: 'm' }]
    thief.frames.send({ type: 'podStatus', reports: [report] })
    thief.frames.send({ type: 'events', events })
    thief.frames.send({
      type: 'nodeStatus',
      status: { ...NODE_REPORT, labels: { 'kubernetes.io/hostname': 'victim' } },
    })
    thief.frames.send({ type: 'heartbeat' })
    await clock.advance(2000)
    expect([await client.get(PODS, key), await node('victim'), await lease()]).toEqual(before)
    const { items } = await client.list(EVENTS)
    expect(items.filter(({ reason }) => reason === 'Forged')).toEqual([])
    expect((await client.list(NODES)).items).toHaveLength(2)
  })
})

describe('an agent that says too much', () => {
  it('about Pods that are not its own does not make its own Pods forgotten', async () => {
    const { agent, pod, client, clock } = await startHub()
    const chatty = await agent('n1')
    const web = await pod('web', 'n1')
    await chatty.report(podReport(web, 1))
    const others = Array.from({ length: 2500 }, (_, n) => podReport(web, n + 2, { uid: `u${n}`, name: `p${n}` }))
    await chatty.report(...others)
    await clock.advance(1000)
    const key = { namespace: 'default', name: 'web' }
    await client.modify(PODS, key, (draft) => Object.assign(draft, { status: { phase: 'Unknown' } }) && undefined, {
      status: true,
    })
    await clock.advance(1000)
    expect((await client.get(PODS, key)).status?.phase).toBe('Running')
  })

  it('and does not read gets no answers that pile up', async () => {
    const { agent, clock } = await startHub()
    const deaf = await agent('n1')
    let buffered = 2 * 1024 * 1024
    Object.defineProperty(deaf.pair.a, 'bufferedBytes', { get: () => buffered, set: () => {} })
    for (let n = 0; n < 100; n++) deaf.frames.send({ type: 'heartbeat' })
    await clock.advance(100)
    expect(deaf.of('heartbeat')).toEqual([])
    buffered = 0
    deaf.frames.send({ type: 'heartbeat' })
    await clock.advance(100)
    expect(deaf.of('heartbeat')).toHaveLength(1)
  })
})
