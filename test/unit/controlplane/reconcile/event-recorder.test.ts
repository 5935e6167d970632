import { describe, expect, it } from 'vitest'
import type { Client } from '../../../../controlplane/client/client.ts'
import { createEventRecorder } from '../../../../controlplane/reconcile/event-recorder.ts'
import { ApiError } from '../../../../shared/api/api-error.ts'
import { CONFIG_MAPS, EVENTS, NODES } from '../../../../shared/api/kinds.ts'
import { timestamp } from '../../../../shared/clock.ts'
import { startTestControlPlane } from '../../../support/test-control-plane.ts'

async function setUp(wrap?: (client: Client) => Client) {
  const plane = await startTestControlPlane(wrap ? { wrap } : {})
  const { client } = plane
  const recorder = createEventRecorder({ ...plane, component: 'test-controller' })
  const object = await client.create(CONFIG_MAPS, { metadata: { namespace: 'default', name: 'thing' } })
  const events = async () => (await client.list(EVENTS)).items
  return { ...plane, recorder, object, events }
}

describe('event recorder', () => {
  it('writes an Event as kubectl describe reads it', async () => {
    const { clock, recorder, object, events } = await setUp()
    const now = timestamp(clock.now())
    recorder.event(object, 'Normal', 'Started', 'it began')
    await clock.advance(0)
    const [event] = await events()
    expect(event?.metadata.name).toMatch(/^thing\.[0-9a-f]{16}$/)
    expect(event).toMatchObject({
      metadata: { namespace: 'default' },
      involvedObject: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        namespace: 'default',
        name: 'thing',
        uid: object.metadata.uid,
        resourceVersion: object.metadata.resourceVersion,
      },
      type: 'Normal',
      reason: 'Started',
      message: 'it began',
      source: { component: 'test-controller' },
      reportingComponent: 'test-controller',
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
    })
  })

  it('keeps apart what is told of different parts of an object', async () => {
    const { clock, recorder, object, events } = await setUp()
    recorder.event(object, 'Normal', 'Started', 'it began', 'spec.containers{a}')
    recorder.event(object, 'Normal', 'Started', 'it began', 'spec.containers{b}')
    await clock.advance(0)
    const paths = (await events()).map(({ involvedObject, count }) => [involvedObject.fieldPath, count])
    expect(paths.sort()).toEqual([
      ['spec.containers{a}', 1],
      ['spec.containers{b}', 1],
    ])
  })

  it('names Events so that they are listed in the order in which it happened, also within a millisecond', async () => {
    const { clock, recorder, object, events } = await setUp()
    const steps = Array.from({ length: 12 }, (_, step) => `Step${step}`)
    for (const step of steps) recorder.event(object, 'Normal', step, 'done')
    await clock.advance(1)
    recorder.event(object, 'Normal', 'Last', 'done')
    await clock.advance(0)
    expect((await events()).map(({ reason }) => reason)).toEqual([...steps, 'Last'])
  })

  it('tells of a cluster-wide object in the namespace default', async () => {
    const { client, clock, recorder, events } = await setUp()
    const node = await client.create(NODES, { metadata: { name: 'n1' }, spec: {} })
    recorder.event(node, 'Warning', 'Lost', 'gone')
    await clock.advance(0)
    const [event] = await events()
    expect(event?.metadata.namespace).toBe('default')
    expect(event?.involvedObject).not.toHaveProperty('namespace')
  })

  it('counts what repeats, also what repeats while it is being written', async () => {
    const { clock, recorder, object, events } = await setUp()
    const first = timestamp(clock.now())
    for (let i = 0; i < 5; i++) recorder.event(object, 'Warning', 'Failed', 'again')
    await clock.advance(10_000)
    expect((await events()).map(({ count }) => count)).toEqual([5])
    recorder.event(object, 'Warning', 'Failed', 'again')
    await clock.advance(0)
    const all = await events()
    expect(all).toHaveLength(1)
    expect(all[0]).toMatchObject({ count: 6, firstTimestamp: first, lastTimestamp: timestamp(clock.now()) })
  })

  it('writes a counted Event anew where it has expired', async () => {
    const { client, clock, recorder, object, events } = await setUp()
    recorder.event(object, 'Warning', 'Failed', 'again')
    await clock.advance(0)
    await client.delete(EVENTS, (await events())[0]!.metadata)
    recorder.event(object, 'Warning', 'Failed', 'again')
    await clock.advance(0)
    expect((await events()).map(({ count }) => count)).toEqual([2])
  })

  it('combines many similar ones, and limits how many an object may have', async () => {
    const { clock, recorder, object, events } = await setUp()
    for (let i = 0; i < 100; i++) {
      recorder.event(object, 'Warning', 'Failed', `attempt ${i}`)
      await clock.advance(10)
    }
    const messages = (await events()).map(({ message }) => message)
    expect(messages).toHaveLength(11)
    expect(messages).toContainEqual(expect.stringMatching(/^\(combined from similar events\): attempt 24$/))
  })

  it('still tells some of what is new where the rest has had its share', async () => {
    const { clock, recorder, object, events } = await setUp()
    const told = async (reason: string) => (await events()).filter((event) => event.reason === reason)
    for (let i = 0; i < 100; i++) recorder.event(object, 'Warning', 'Unhealthy', 'Liveness probe errored')
    for (let i = 0; i < 8; i++) recorder.event(object, 'Normal', `New${i}`, 'it is restarted')
    for (let i = 0; i < 8; i++) recorder.event(object, 'Warning', 'Failed', `attempt ${i}`)
    await clock.advance(0)
    expect(await told('New7')).toHaveLength(1)
    expect(await told('Failed')).toHaveLength(2)
    // Paid back before what repeats is told again; what was not told is still new.
    await clock.advance(5 * 60_000)
    recorder.event(object, 'Warning', 'Unhealthy', 'Liveness probe errored')
    recorder.event(object, 'Warning', 'Failed', 'attempt 2')
    recorder.event(object, 'Warning', 'Failed', 'attempt 3')
    await clock.advance(0)
    expect(await told('Failed')).toHaveLength(3)
    expect((await told('Unhealthy')).map(({ lastTimestamp }) => lastTimestamp)).toEqual([
      timestamp(clock.now() - 5 * 60_000),
    ])
  })

  it('counts what it does not write, and tells it with the next that it does', async () => {
    const { clock, recorder, object, events } = await setUp()
    const first = timestamp(clock.now())
    const count = async () => (await events()).map(({ count }) => count)
    for (let seconds = 0; seconds < 240; seconds += 2) {
      recorder.event(object, 'Warning', 'Unhealthy', 'Readiness probe failed')
      await clock.advance(2_000)
    }
    expect(await count()).toEqual([25])
    await clock.advance(60_000)
    recorder.event(object, 'Warning', 'Unhealthy', 'Readiness probe failed')
    await clock.advance(0)
    expect(await count()).toEqual([121])
    expect((await events())[0]).toMatchObject({ firstTimestamp: first, lastTimestamp: timestamp(clock.now()) })
  })

  it('writes all of a burst, within a bound', async () => {
    const { client, clock, recorder, object, events } = await setUp()
    const burst = async (name: string, size: number) => {
      const { metadata } = await client.create(CONFIG_MAPS, { metadata: { namespace: 'default', name } })
      for (let i = 0; i < size; i++) {
        recorder.event({ ...object, metadata: { ...metadata, uid: `${name}-${i}` } }, 'Normal', 'Scheduled', 'assigned')
      }
      await clock.advance(0)
      return (await events()).filter(({ involvedObject }) => involvedObject.name === name).length
    }
    expect(await burst('small', 1_000)).toBe(1_000)
    expect(await burst('large', 2_000)).toBe(1_256)
    expect(await burst('next', 10)).toBe(10)
  })

  it('never fails its caller, and writes the whole count when it can again', async () => {
    let isBroken = true
    const { clock, recorder, object, events } = await setUp((client) => ({
      ...client,
      create: (kind, created) =>
        isBroken && kind.type === EVENTS.type
          ? Promise.reject(new ApiError('ServiceUnavailable', 'not now'))
          : client.create(kind, created),
    }))
    recorder.event(object, 'Warning', 'Failed', 'again')
    await clock.advance(1_000)
    expect(await events()).toEqual([])
    isBroken = false
    recorder.event(object, 'Warning', 'Failed', 'again')
    await clock.advance(0)
    expect((await events()).map(({ count }) => count)).toEqual([2])
  })
})
