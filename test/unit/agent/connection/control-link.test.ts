import { describe, expect, it } from 'vitest'
import { type AssignmentsFrame, CLOSE_CODES, PROTOCOL_VERSION } from '../../../../shared/protocol/frames.ts'
import { LOCAL_ADDRESS, node, startLink, welcome } from '../../../support/played-control-plane.ts'
import { settle } from '../../../support/virtual-clock.ts'

const podObject = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '' },
})
const pod = (name: string) => ({ kind: 'Pod' as const, object: { ...podObject(name), spec: { containers: [] } } })
const removal = (name: string) => ({ kind: 'Pod' as const, namespace: 'default', name, uid: `uid-${name}` })
const secret = { kind: 'Secret' as const, object: { ...podObject('s'), kind: 'Secret', data: { k: 'dg==' } } }
const change = (more: Partial<AssignmentsFrame>): AssignmentsFrame => ({
  type: 'assignments',
  mode: 'incremental',
  appliesTo: 1,
  resultsIn: 2,
  more: false,
  set: [],
  remove: [],
  ...more,
})
const complete = (...set: AssignmentsFrame['set']) => change({ mode: 'complete', appliesTo: 0, resultsIn: 1, set })
const status = (name: string, podIP = '10.0.0.1') => ({
  namespace: 'default',
  name,
  uid: `uid-${name}`,
  status: { podIP },
  terminated: false,
})

describe('connection', () => {
  it('begins with hello, and says nothing else before it is welcome', async () => {
    const { clock, latest, link } = startLink({ welcomes: false })
    link.reporter.podStatus(status('web'))
    await clock.advance(5000)
    expect(latest().received).toEqual([
      { type: 'hello', protocolVersion: PROTOCOL_VERSION, agentVersion: '0.1.0', assignmentsVersion: 0, node },
    ])
    latest().frames.send(welcome)
    await settle()
    expect(latest().of('podStatus')).toHaveLength(1)
    link.close()
  })

  it('sends heartbeats as often as it is told to', async () => {
    const { clock, latest, link } = startLink()
    await clock.advance(10_500)
    expect(latest().of('heartbeat')).toHaveLength(10)
    link.close()
  })

  it('is dialled again at once from another address where the machine has lost the one that it had', async () => {
    const { clock, dials, link, peers } = startLink()
    await clock.advance(20_000)
    link.addressGone('192.0.2.9')
    await settle()
    expect(dials).toHaveLength(1)
    link.addressGone(LOCAL_ADDRESS)
    await clock.advance(1)
    expect(dials).toHaveLength(2)
    expect(peers[0]?.closed?.reason).toBe('this machine has lost the address 192.0.2.1')
    link.close()
  })

  it('is dialled soon from an address that comes after a time without any', async () => {
    const { clock, dials, link, latest, network } = startLink()
    await clock.advance(20_000)
    network.refuses = true
    latest().pair.cut()
    await clock.advance(60_000)
    const before = dials.length
    link.addressCame()
    await clock.advance(1_000)
    expect(dials.length).toBeGreaterThanOrEqual(before + 2)
    link.close()
  })

  it('is dialled again at once after a good one, then ever more slowly, up to ten seconds', async () => {
    const { clock, dials, latest, network, link } = startLink()
    await clock.advance(20_000)
    network.refuses = true
    const lostAt = clock.now()
    latest().pair.cut()
    await clock.advance(60_000)
    const waits = dials.slice(1).map((at, index) => at - (dials[index] ?? 0))
    expect(dials[1]).toBe(lostAt)
    expect(waits[1]).toBeGreaterThanOrEqual(250)
    expect(waits[1]).toBeLessThanOrEqual(500)
    expect(waits.slice(1).every((wait) => wait <= 10_000)).toBe(true)
    expect(waits.at(-1)).toBeGreaterThanOrEqual(5000)
    network.refuses = false
    await clock.advance(10_000)
    expect(latest().of('hello')).toHaveLength(1)
    link.close()
  })

  it('is not dialled in a tight loop when the control plane takes and drops it', async () => {
    const { clock, dials, peers, link } = startLink()
    for (let i = 0; i < 100; i++) {
      await clock.advance(100)
      peers.at(-1)?.pair.cut()
    }
    expect(dials.length).toBeLessThan(8)
    link.close()
  })

  it('is closed on a message that cannot be understood', async () => {
    const { clock, latest, peers, link } = startLink()
    await clock.advance(100)
    latest().pair.a.send('{"type":"assignments"}')
    await settle()
    expect(peers[0]?.closed?.code).toBe(CLOSE_CODES.badFrame)
    link.close()
  })

  it.each(['superseded', 'protocolVersion'] as const)('waits long after %s', async (why) => {
    const { clock, dials, latest, link } = startLink()
    await clock.advance(30_000)
    latest().frames.close(CLOSE_CODES[why], 'because')
    await clock.advance(9900)
    expect(dials).toHaveLength(1)
    await clock.advance(200)
    expect(dials).toHaveLength(2)
    link.close()
  })

  it('ends for good when the link is closed', async () => {
    const { clock, dials, latest, link } = startLink()
    await clock.advance(1000)
    const peer = latest()
    link.close()
    await clock.advance(60_000)
    expect(peer.closed?.code).toBe(CLOSE_CODES.agentStops)
    expect(dials).toHaveLength(1)
  })

  it.each([true, false])('tells of a changed node, once it is welcome (%s)', async (welcomes) => {
    const { clock, latest, link } = startLink({ welcomes })
    await clock.advance(100)
    link.nodeChanged()
    if (!welcomes) latest().frames.send(welcome)
    await clock.advance(100)
    expect(latest().of('nodeStatus')).toEqual([{ type: 'nodeStatus', status: node }])
  })
})

describe('assignments', () => {
  it('are handed over after each change, with what Pods refer to', async () => {
    const { clock, latest, assigned, link } = startLink()
    await clock.advance(100)
    latest().frames.send(complete(pod('a'), secret))
    latest().frames.send(change({ set: [pod('b')], remove: [removal('a')] }))
    await settle()
    expect(assigned.map(({ pods }) => [...pods.keys()])).toEqual([['uid-a'], ['uid-b']])
    expect(assigned[1]?.secret('default', 's')?.data).toEqual({ k: 'dg==' })
    expect(assigned[1]?.configMap('default', 's')).toBeUndefined()
    link.close()
  })

  it('are kept over a reconnection, and told of in the next hello', async () => {
    const { clock, latest, link } = startLink()
    await clock.advance(6000)
    latest().frames.send(complete(pod('a')))
    await settle()
    latest().pair.cut()
    await clock.advance(1000)
    expect(latest().of('hello')[0]?.assignmentsVersion).toBe(1)
    link.close()
  })

  it('with a gap are not applied: all is asked for anew, once', async () => {
    const { clock, latest, assigned, link } = startLink()
    await clock.advance(100)
    const { frames } = latest()
    frames.send(complete(pod('a')))
    frames.send(change({ appliesTo: 2, resultsIn: 3, remove: [removal('a')] }))
    frames.send(change({ appliesTo: 3, resultsIn: 4, remove: [removal('a')] }))
    await settle()
    expect(latest().of('resync')).toHaveLength(1)
    expect(assigned).toHaveLength(1)
    frames.send({ ...complete(pod('b')), resultsIn: 5 })
    frames.send(change({ appliesTo: 5, resultsIn: 6, set: [pod('c')] }))
    await settle()
    expect(assigned.map(({ pods }) => [...pods.keys()])).toEqual([['uid-a'], ['uid-b'], ['uid-b', 'uid-c']])
    link.close()
  })

  it('never begin with a change to something unknown', async () => {
    const { clock, latest, assigned, link } = startLink()
    await clock.advance(100)
    latest().frames.send(change({ appliesTo: 0, resultsIn: 1, set: [pod('a')] }))
    await settle()
    expect(assigned).toEqual([])
    expect(latest().of('resync')).toHaveLength(1)
    link.close()
  })

  it('in several frames are applied as one; half of them never', async () => {
    const { clock, latest, assigned, link } = startLink()
    await clock.advance(6000)
    latest().frames.send({ ...complete(pod('a')), more: true })
    await settle()
    expect(assigned).toEqual([])
    latest().pair.cut()
    await clock.advance(1000)
    latest().frames.send({ ...complete(pod('b')), more: true })
    latest().frames.send(complete(pod('c')))
    await settle()
    expect(assigned.map(({ pods }) => [...pods.keys()])).toEqual([['uid-b', 'uid-c']])
    link.close()
  })
})

describe('reports', () => {
  it('are sent again after a reconnection, until the control plane knows that the Pod is gone', async () => {
    const { clock, latest, link } = startLink()
    await clock.advance(6000)
    link.reporter.podStatus({ ...status('a'), terminated: true })
    link.reporter.podStatus(status('b'))
    await clock.advance(100)
    expect(
      latest()
        .of('podStatus')
        .flatMap(({ reports }) => reports.map(({ sequence }) => sequence)),
    ).toEqual([1, 2])
    latest().frames.send({ type: 'podStatusAccepted', sequence: 2 })
    await settle()
    latest().pair.cut()
    await clock.advance(1000)
    const again = latest()
      .of('podStatus')
      .flatMap(({ reports }) => reports)
    expect(again).toEqual([{ ...status('b'), sequence: 1 }])
    link.reporter.podStatus({ ...status('b'), terminated: true })
    await clock.advance(100)
    latest().frames.send({ type: 'podStatusAccepted', sequence: 2 })
    await clock.advance(6000)
    latest().pair.cut()
    await clock.advance(1000)
    expect(latest().of('podStatus')).toEqual([])
    link.close()
  })

  it('keep only the newest of each Pod while the connection is down', async () => {
    const { clock, latest, network, link } = startLink()
    await clock.advance(6000)
    network.refuses = true
    latest().pair.cut()
    for (let i = 0; i < 5; i++) link.reporter.podStatus(status('a', `10.0.0.${i}`))
    network.refuses = false
    await clock.advance(20_000)
    expect(
      latest()
        .of('podStatus')
        .flatMap(({ reports }) => reports),
    ).toEqual([{ ...status('a', '10.0.0.4'), sequence: 1 }])
    link.close()
  })

  it('are not forgotten by the acceptance of an older one of the same Pod', async () => {
    const { clock, latest, link } = startLink()
    await clock.advance(6000)
    link.reporter.podStatus(status('a', '10.0.0.1'))
    await clock.advance(100)
    link.reporter.podStatus(status('a', '10.0.0.2'))
    latest().frames.send({ type: 'podStatusAccepted', sequence: 1 })
    await settle()
    latest().pair.cut()
    await clock.advance(1000)
    expect(
      latest()
        .of('podStatus')
        .flatMap(({ reports }) => reports),
    ).toEqual([{ ...status('a', '10.0.0.2'), sequence: 1 }])
    link.close()
  })

  it('go in batches, in order', async () => {
    const { clock, latest, link } = startLink()
    await clock.advance(100)
    for (let i = 0; i < 250; i++) link.reporter.podStatus(status(`p${i}`))
    await clock.advance(100)
    expect(
      latest()
        .of('podStatus')
        .map(({ reports }) => reports.length),
    ).toEqual([100, 100, 50])
    link.close()
  })

  it('of events wait for the connection, the oldest dropped where they are too many', async () => {
    const { clock, latest, link } = startLink({ welcomes: false })
    await clock.advance(100)
    for (let i = 0; i < 1100; i++) link.reporter.event({ type: 'Normal', reason: 'Pulled', message: String(i) })
    latest().frames.send(welcome)
    await clock.advance(100)
    const messages = latest()
      .of('events')
      .flatMap(({ events }) => events.map(({ message }) => message))
    expect([messages.length, messages[0], messages.at(-1)]).toEqual([1000, '100', '1099'])
    link.close()
  })
})

describe('streams', () => {
  it('are served, and end with the connection', async () => {
    let signal: AbortSignal | undefined
    const { clock, latest, link } = startLink({
      streams: {
        serve: async (_request, stream) => {
          signal = stream.signal
        },
      },
    })
    await clock.advance(100)
    const request = {
      kind: 'logs',
      podUid: 'u',
      container: 'c',
      follow: true,
      previous: false,
      timestamps: false,
    } as const
    latest().frames.send({ type: 'streamOpen', stream: 1, request })
    await settle()
    expect(latest().of('streamOpened')).toEqual([{ type: 'streamOpened', stream: 1 }])
    expect(signal?.aborted).toBe(false)
    latest().pair.cut()
    expect(signal?.aborted).toBe(true)
    link.close()
  })
})
