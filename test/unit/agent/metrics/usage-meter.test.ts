import { beforeEach, describe, expect, it } from 'vitest'
import { UsageMeter } from '../../../../agent/metrics/usage-meter.ts'
import type { MachineUsage } from '../../../../agent/node/machine-usage.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('UsageMeter', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode
  let machine: MachineUsage | undefined

  beforeEach(async () => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    runtime.program = ({ name }) => ({ uses: { cores: name === 'busy' ? 0.5 : 0.01, workingSetBytes: 2_000_000 } })
    node = new AgentNode(runtime, clock)
    machine = undefined
    node.put(assignedPod('a', { containers: [podContainer('busy'), podContainer('idle')] }))
    await clock.advance(10_000)
  })

  const meter = () => new UsageMeter({ runtime, clock, pods: () => node.manager.all(), machine: async () => machine })
  const measured = async (of: UsageMeter) => {
    const report = of.measure()
    await clock.advance(1_000)
    return report
  }
  const usageCalls = () => runtime.calls.filter((call) => call === 'usage').length

  it('measures over a second, and sums up what Pods use where the node is a part of the machine', async () => {
    const { node: whole, pods } = await measured(meter())
    expect(pods).toMatchObject([
      {
        uid: 'uid-a',
        containers: [
          { name: 'busy', cpuNanoCores: 500_000_000, workingSetBytes: 2_000_000, windowMs: 1_000 },
          { name: 'idle', cpuNanoCores: 10_000_000 },
        ],
      },
    ])
    expect(whole).toMatchObject({ cpuNanoCores: 510_000_000, workingSetBytes: 4_000_000, windowMs: 1_000 })
  })

  it('tells of containers that were added to a Pod, too', async () => {
    const containers = [podContainer('busy'), podContainer('idle')]
    node.put(assignedPod('a', { containers, ephemeralContainers: [podContainer('debug')] }))
    await clock.advance(10_000)
    const { pods } = await measured(meter())
    expect(pods[0]?.containers.map(({ name }) => name)).toEqual(['busy', 'idle', 'debug'])
  })

  it('tells what the whole machine uses', async () => {
    machine = { atMs: clock.now(), cpuNanoseconds: 0, workingSetBytes: 7 }
    const report = meter().measure()
    await clock.advance(900)
    machine = { atMs: clock.now() + 100, cpuNanoseconds: 2e9, workingSetBytes: 8 }
    await clock.advance(100)
    expect((await report).node).toMatchObject({ cpuNanoCores: 2e9, workingSetBytes: 8 })
  })

  it('measures only when it is asked: what was measured lately is used again, and then the time since', async () => {
    const one = meter()
    await measured(one)
    expect(usageCalls()).toBe(2)
    await one.measure()
    expect(usageCalls()).toBe(2)
    await clock.advance(30_000)
    expect(usageCalls()).toBe(2)
    expect((await one.measure()).pods[0]?.containers[0]).toMatchObject({ windowMs: 30_000, cpuNanoCores: 500_000_000 })
    expect(usageCalls()).toBe(3)
    await clock.advance(61_000)
    expect((await measured(one)).pods[0]?.containers[0]?.windowMs).toBe(1_000)
  })

  it('tells of a container that has just started what it used since', async () => {
    const one = meter()
    await measured(one)
    await clock.advance(5_000)
    node.put(assignedPod('b', { containers: [podContainer('busy')] }))
    await clock.advance(4_000)
    const { pods } = await one.measure()
    expect(pods.find(({ uid }) => uid === 'uid-b')?.containers).toMatchObject([{ cpuNanoCores: 500_000_000 }])
  })

  it('fails where the runtime does not answer', async () => {
    runtime.setDown(true)
    await expect(meter().measure()).rejects.toThrow('the runtime is down')
  })
})
