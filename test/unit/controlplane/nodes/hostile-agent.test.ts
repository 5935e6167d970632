import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EVENTS, LEASES, NODES, PODS } from '../../../../shared/api/kinds.ts'
import { createLogger } from '../../../../shared/log.ts'
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
  { type: 'networkApplied', version: 1 },
  { type: 'networkResync' },
  { type: 'drainPod', namespace: 'a', name: 'b', uid: 'c' },
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

interface LogLine {
  node?: string
  msg: string
  level: number
  lines?: number
}

/** A hub whose log can be read. That the fixture's labels are refused is no news. */
async function startLoggedHub() {
  const logged: LogLine[] = []
  const write = (text: string) => {
    const line = JSON.parse(text) as LogLine & { labels?: unknown }
    if (!line.labels) logged.push(line)
  }
  const log = createLogger('test', 'warn', { write })
  return { ...(await startHub({ log })), logged }
}

describe('the log', () => {
  type Hub = Awaited<ReturnType<typeof startLoggedHub>>
  const report = { phase: 'Failed' }

  it.each<[string, (hub: Hub) => Promise<unknown>, string]>([
    ['speaks another protocol', ({ agent }) => agent('rude', { protocolVersion: 99 }), 'other protocol version'],
    [
      'sends garbage',
      async ({ agent }) => (await agent('rude')).pair.b.send('{"type":"podStatus","reports":7}'),
      'bad frame, connection closed',
    ],
    [
      'shows the certificate of a key that the Node had before',
      async ({ agent }) => {
        await agent('rude', { fingerprint: 'new' })
        await agent('rude', { fingerprint: 'old' })
      },
      'the node name belongs to another key',
    ],
    [
      "reports on another node's Pod",
      async ({ agent, pod }) =>
        (await agent('rude')).report(podReport(await pod('web', 'victim'), 1, { status: report })),
      'pod status ignored',
    ],
    [
      "tells of another node's Pod",
      async ({ agent, pod }) => {
        const { namespace = '', name, uid } = (await pod('web', 'victim')).metadata
        const event = { pod: { namespace, name, uid }, type: 'Warning' as const, reason: 'Forged', message: 'm' }
        const rude = await agent('rude')
        rude.frames.send({ type: 'events', events: [event] })
      },
      'event ignored: the Pod is not of this node',
    ],
  ])('tells which agent %s', async (_title, misbehave, message) => {
    const hub = await startLoggedHub()
    await hub.agent('victim')
    await misbehave(hub)
    await hub.clock.advance(100)
    expect(hub.logged).toEqual([expect.objectContaining({ node: 'rude', msg: expect.stringContaining(message) })])
  })

  it('is not filled by an agent that goes on and on, and tells how much is left out', async () => {
    const { agent, pod, clock, logged } = await startLoggedHub()
    await agent('victim')
    const web = await pod('web', 'victim')
    const rude = await agent('rude')
    const forged = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => podReport(web, from + n, { uid: `u${from + n}`, status: report }))
    await rude.report(...forged(1, 1000))
    await settle(200)
    const told = logged.length
    expect(told).toBeGreaterThan(90)
    expect(told).toBeLessThanOrEqual(100)
    await clock.advance(10_000)
    await rude.report(...forged(2000, 1))
    expect(logged.slice(told).map(({ lines }) => lines)).toEqual([1000 - told, undefined])
    const polite = await agent('polite')
    await polite.report(podReport(web, 1))
    expect(logged.at(-1)?.node).toBe('polite')
  })
})
