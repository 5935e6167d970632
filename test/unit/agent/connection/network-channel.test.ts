import { describe, expect, it } from 'vitest'
import { NetworkChannel } from '../../../../agent/connection/network-channel.ts'
import { NetworkState } from '../../../../agent/network/network-state.ts'
import { silentLogger } from '../../../../shared/log.ts'
import type { NetworkAgentFrame, NetworkFrame } from '../../../../shared/protocol/network-frames.ts'
import { assignedPod } from '../../../support/assigned-pod.ts'
import { aNode, aService, networkFrame } from '../../../support/network-objects.ts'
import { settle, VirtualClock } from '../../../support/virtual-clock.ts'

/** The channel, over connections that a test plays. */
function startChannel() {
  const state = new NetworkState({ clock: new VirtualClock(), log: silentLogger })
  const channel = new NetworkChannel(state, silentLogger)
  const connect = () => {
    const said: NetworkAgentFrame[] = []
    channel.connected((frame) => said.push(frame))
    return said
  }
  const tell = (resultsIn: number, more: Partial<NetworkFrame> = {}) =>
    channel.receive(networkFrame([aService('web', {}, resultsIn)], { resultsIn, ...more }))
  const change = (resultsIn: number) => tell(resultsIn, { mode: 'incremental', appliesTo: resultsIn - 1 })
  return { state, channel, connect, tell, change }
}

const ask = { type: 'drainPod', namespace: 'default', name: 'web', uid: 'uid-web' } as const
const applied = (version: number) => ({ type: 'networkApplied', version })

describe('what is said of the network', () => {
  it('is each version once all go by it', () => {
    const { state, connect, tell, change } = startChannel()
    const rules = state.consumer('rules')
    const said = connect()
    tell(7)
    change(8)
    expect(said).toEqual([])
    rules.applied(state.snapshot()?.version ?? 0)
    expect(said).toEqual([applied(8)])
  })

  it('is said at once to a new connection that brings what the node goes by, under its own number', () => {
    const { state, channel, connect, tell } = startChannel()
    const rules = state.consumer('rules')
    connect()
    tell(7)
    rules.applied(state.snapshot()?.version ?? 0)
    channel.disconnected()
    const said = connect()
    expect(said).toEqual([])
    channel.receive(networkFrame([aService('web', {}, 7)], { resultsIn: 1 }))
    expect(said).toEqual([applied(1)])
  })

  it('is not what only an earlier connection brought', () => {
    const { state, channel, connect, tell } = startChannel()
    const rules = state.consumer('rules')
    connect()
    tell(7)
    channel.disconnected()
    const said = connect()
    rules.applied(state.snapshot()?.version ?? 0)
    expect(said).toEqual([])
  })

  it('asks for all anew after a gap, once, and uses nothing until that is there', () => {
    const { state, connect, tell, change } = startChannel()
    const said = connect()
    tell(7)
    change(9)
    change(10)
    expect(said).toEqual([applied(7), { type: 'networkResync' }])
    tell(10)
    change(11)
    expect(said.slice(2)).toEqual([applied(10), applied(11)])
    expect(state.snapshot()?.services.get('default/web')?.metadata.resourceVersion).toBe('11')
  })

  it('uses a change in several frames as one', () => {
    const { state, channel, connect } = startChannel()
    const said = connect()
    channel.receive(networkFrame([aNode('n1', 1)], { more: true }))
    expect(state.snapshot()).toBeUndefined()
    channel.receive(networkFrame([aNode('n2', 2)]))
    expect([...(state.snapshot()?.nodes.keys() ?? [])]).toEqual(['n1', 'n2'])
    expect(said).toEqual([applied(1)])
  })
})

describe('a Pod to be drained', () => {
  it('is asked for once the connection has brought the network, and again over the next', async () => {
    const { channel, connect, tell } = startChannel()
    let isOver = false
    void channel.withdrawn(assignedPod('web'), new AbortController().signal).then(() => {
      isOver = true
    })
    const first = connect()
    expect(first).toEqual([])
    tell(7)
    expect(first[0]).toEqual(ask)
    channel.disconnected()
    const second = connect()
    tell(1)
    expect(second[0]).toEqual(ask)
    channel.receive({ type: 'podDrained', uid: 'uid-web' })
    await settle()
    expect(isOver).toBe(true)
    channel.disconnected()
    const third = connect()
    tell(2)
    expect(third).toEqual([applied(2)])
  })

  it('is asked for at once over a connection that is up, and no more when it is given up', async () => {
    const { channel, connect, tell } = startChannel()
    const said = connect()
    tell(7)
    const stop = new AbortController()
    const waited = channel.withdrawn(assignedPod('web'), stop.signal)
    expect(said.at(-1)).toEqual(ask)
    stop.abort(new Error('given up'))
    await expect(waited).rejects.toThrow('given up')
    channel.disconnected()
    const next = connect()
    tell(8)
    expect(next).toEqual([applied(8)])
  })
})
