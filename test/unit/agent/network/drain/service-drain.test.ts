import { describe, expect, it } from 'vitest'
import { type PodConnections, ServiceDrain } from '../../../../../agent/network/drain/service-drain.ts'
import type { TcpConnection } from '../../../../../agent/network/netlink/inet-diag.ts'
import { NetworkState } from '../../../../../agent/network/network-state.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import type { NetworkObject } from '../../../../../shared/protocol/network-frames.ts'
import { assignedPod } from '../../../../support/assigned-pod.ts'
import { anEndpoint, aService, aSlice, networkFrame } from '../../../../support/network-objects.ts'
import { settle, VirtualClock } from '../../../../support/virtual-clock.ts'

const pod = assignedPod('web')
const web = anEndpoint('10.42.1.4', 'uid-web')

/** One on which the last answer was sent so long ago. */
const answered = (msAgo: number): TcpConnection => ({
  ...{ localPort: 8080, peer: 'a', unread: 0, unacknowledged: 0 },
  data: { receivedMsAgo: msAgo + 5, sentMsAgo: msAgo, retransmitAfterMs: 204, packets: 9, lost: 0 },
})

/** A drain that is under way. */
async function startDrain(objects: NetworkObject[], connections: PodConnections = { list: async () => [] }) {
  const clock = new VirtualClock()
  const network = new NetworkState({ clock, log: silentLogger })
  network.apply([networkFrame(objects)])
  let withdraw = () => {}
  const withdrawals = { withdrawn: () => new Promise<void>((resolve) => (withdraw = resolve)) }
  const drain = new ServiceDrain({ withdrawals, network, connections, clock, log: silentLogger })
  const stop = new AbortController()
  let isOver = false
  void drain.drain(pod, 'sandbox', stop.signal).then(() => {
    isOver = true
  })
  await settle()
  const withdrawn = async () => {
    withdraw()
    await settle()
  }
  return { clock, stop, withdrawn, isOver: () => isOver }
}

describe('draining a Pod on its node', () => {
  it('is over as soon as a Pod of no Service is withdrawn', async () => {
    const { withdrawn, isOver } = await startDrain([aService('web'), aSlice('web', [anEndpoint('10.42.1.5', 'other')])])
    expect(isOver()).toBe(false)
    await withdrawn()
    expect(isOver()).toBe(true)
  })

  it('leaves time for what is on its way, and then waits for the connections to the ports that are served', async () => {
    const answers = [[], [answered(600)], []]
    const asked: unknown[] = []
    const { clock, withdrawn, isOver } = await startDrain([aService('web'), aSlice('web', [web])], {
      list: async (sandboxId, ports) => {
        asked.push([sandboxId, ...ports])
        return answers.shift() ?? []
      },
    })
    await clock.advance(1_000)
    expect(asked).toEqual([])
    await withdrawn()
    expect(asked).toEqual([['sandbox', 8080]])
    await clock.advance(290)
    expect(asked).toHaveLength(1)
    await clock.advance(20)
    expect(asked).toHaveLength(2)
    await clock.advance(380)
    expect(isOver()).toBe(false)
    await clock.advance(20)
    expect(asked).toHaveLength(3)
    expect(isOver()).toBe(true)
  })

  it('looks again before long, whatever it may have to wait for', async () => {
    const unanswered = {
      ...answered(0),
      data: { ...answered(0).data, receivedMsAgo: 0, sentMsAgo: 9_000 },
    } as TcpConnection
    const answers = [[], [unanswered], []]
    const { clock, withdrawn, isOver } = await startDrain([aService('web'), aSlice('web', [web])], {
      list: async () => answers.shift() ?? [],
    })
    await withdrawn()
    await clock.advance(1_310)
    expect(isOver()).toBe(true)
  })

  it('has nothing to wait for on UDP ports', async () => {
    const slice = aSlice('dns', [web])
    slice.object.ports = [{ name: '', port: 53, protocol: 'UDP' }]
    const { withdrawn, isOver } = await startDrain([slice], { list: async () => [answered(0)] })
    await withdrawn()
    expect(isOver()).toBe(true)
  })

  it('is over when the connections cannot be seen', async () => {
    const { clock, withdrawn, isOver } = await startDrain([aSlice('web', [web])], {
      list: () => Promise.reject(new Error('no such container')),
    })
    await withdrawn()
    await clock.advance(310)
    expect(isOver()).toBe(true)
  })

  it('ends when it is given up', async () => {
    const { clock, stop, withdrawn, isOver } = await startDrain([aSlice('web', [web])], {
      list: async () => [answered(0)],
    })
    await withdrawn()
    await clock.advance(1_000)
    stop.abort()
    await settle()
    expect(isOver()).toBe(true)
  })
})
