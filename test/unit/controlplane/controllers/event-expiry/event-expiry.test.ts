import { describe, expect, it } from 'vitest'
import { EventExpiry } from '../../../../../controlplane/controllers/event-expiry/event-expiry.ts'
import { EVENTS } from '../../../../../shared/api/kinds.ts'
import { timestamp } from '../../../../../shared/clock.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'

describe('event expiry', () => {
  it('deletes Events an hour after they happened last', async () => {
    const plane = await startTestControlPlane()
    const { client, clock } = plane
    plane.run(new EventExpiry(plane))
    const create = (name: string) =>
      client.create(EVENTS, {
        metadata: { namespace: 'default', name },
        involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
        lastTimestamp: timestamp(clock.now()),
      })
    const names = async () => (await client.list(EVENTS)).items.map(({ metadata }) => metadata.name)
    await create('once')
    await create('again')
    await clock.advance(50 * 60_000)
    await client.modify(EVENTS, { namespace: 'default', name: 'again' }, (draft) => {
      draft.lastTimestamp = timestamp(clock.now())
    })
    expect(await names()).toEqual(['again', 'once'])
    await clock.advance(16 * 60_000)
    expect(await names()).toEqual(['again'])
    await clock.advance(50 * 60_000)
    expect(await names()).toEqual([])
  })
})
