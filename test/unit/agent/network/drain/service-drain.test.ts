import { describe, expect, it } from 'vitest'
import { type PodConnections, ServiceDrain } from '../../../../../agent/network/drain/service-drain.ts'
import { NetworkState } from '../../../../../agent/network/network-state.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import type { NetworkObject } from '../../../../../shared/protocol/network-frames.ts'
import { assignedPod } from '../../../../support/assigned-pod.ts'
import { anEndpoint, aService, aSlice, networkFrame } from '../../../../support/network-objects.ts'
import { settle, VirtualClock } from '../../../../support/virtual-clock.ts'

const pod = assignedPod('web')
const web = anEndpoint('10.42.1.4', 'uid-web')

/** A drain that is under way; `busyMs` gives what the connections say, one after the other. */
async function startDrain(objects: NetworkObject[], connections: PodConnections = { busyMs: async () => 0 }) {
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
    const answers = [400, 0]
    const asked: unknown[] = []
    const { clock, withdrawn, isOver } = await startDrain([aService('web'), aSlice('web', [web])], {
      busyMs: async (sandboxId, ports) => {
        asked.push([sandboxId, ...ports])
        return answers.shift() ?? 0
      },
    })
    await clock.advance(1_000)
    expect(asked).toEqual([])
    await withdrawn()
    await clock.advance(290)
    expect(asked).toEqual([])
    await clock.advance(20)
    expect(asked).toEqual([['sandbox', 8080]])
    await clock.advance(380)
    expect(isOver()).toBe(false)
    await clock.advance(20)
    expect(asked).toHaveLength(2)
    expect(isOver()).toBe(true)
  })

  it('has nothing to wait for on UDP ports', async () => {
    const slice = aSlice('dns', [web])
    slice.object.ports = [{ name: '', port: 53, protocol: 'UDP' }]
    const { withdrawn, isOver } = await startDrain([slice], { busyMs: async () => 1_000 })
    await withdrawn()
    expect(isOver()).toBe(true)
  })

  it('is over when the connections cannot be seen', async () => {
    const { clock, withdrawn, isOver } = await startDrain([aSlice('web', [web])], {
      busyMs: () => Promise.reject(new Error('no such container')),
    })
    await withdrawn()
    await clock.advance(310)
    expect(isOver()).toBe(true)
  })

  it('ends when it is given up', async () => {
    const { clock, stop, withdrawn, isOver } = await startDrain([aSlice('web', [web])], { busyMs: async () => 60_000 })
    await withdrawn()
    await clock.advance(1_000)
    stop.abort()
    await settle()
    expect(isOver()).toBe(true)
  })
})
