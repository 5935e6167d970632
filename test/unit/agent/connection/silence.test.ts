import { describe, expect, it } from 'vitest'
import { CLOSE_CODES } from '../../../../shared/protocol/frames.ts'
import { startLink } from '../../../support/played-control-plane.ts'

describe('a silent connection', () => {
  it('is given up when nothing is heard, and dialled anew', async () => {
    const { clock, peers, latest, link } = startLink()
    await clock.advance(3000)
    latest().pair.drop()
    await clock.advance(8000)
    expect(peers).toHaveLength(2)
    expect(latest().of('hello')).toHaveLength(1)
    link.close()
  })

  it('is given up before the node counts as lost where another one can be had', async () => {
    const { clock, peers, latest, link } = startLink()
    await clock.advance(20_100)
    latest().pair.drop()
    await clock.advance(3_000)
    expect(peers).toHaveLength(2)
    expect(latest().of('hello')).toHaveLength(1)
    await clock.advance(60_000)
    expect(peers).toHaveLength(2)
    link.close()
  })

  it('is kept while the control plane is slow, whatever it takes beside it', async () => {
    const { clock, dials, peers, link, network } = startLink()
    const [first] = peers
    await clock.advance(20_100)
    if (first) first.answersHeartbeats = false
    network.dialMs = 1_000
    await clock.advance(3_000)
    expect(dials).toHaveLength(2)
    first?.frames.send({ type: 'heartbeat' })
    if (first) first.answersHeartbeats = true
    await clock.advance(10_000)
    expect(first?.closed).toBeUndefined()
    expect(peers.slice(1).map(({ closed, received }) => [closed?.reason, received.length])).toEqual([
      ['the connection before it is heard again', 0],
    ])
    link.close()
  })

  it('is not given up while data comes', async () => {
    const { clock, peers, latest, link } = startLink()
    await clock.advance(1_000)
    latest().answersHeartbeats = false
    for (let second = 0; second < 20; second++) {
      latest().frames.sendData({ stream: 1, channel: 0, data: Buffer.from('x') })
      await clock.advance(1_000)
    }
    expect(peers).toHaveLength(1)
    link.close()
  })

  it('that is dialled beside a silent one ends with the link', async () => {
    const { clock, latest, link, network, peers } = startLink()
    await clock.advance(20_100)
    latest().pair.drop()
    network.dialMs = 1_000
    await clock.advance(3_000)
    link.close()
    await clock.advance(2_000)
    expect(peers).toHaveLength(2)
    expect(peers[1]?.closed).toBeDefined()
    expect(peers[1]?.received).toEqual([])
  })

  it('is given up when no welcome comes', async () => {
    const { clock, peers, link } = startLink({ welcomes: false })
    await clock.advance(12_000)
    expect(peers.length).toBeGreaterThan(1)
    expect(peers[0]?.closed?.code).toBe(CLOSE_CODES.goingAway)
    link.close()
  })
})
