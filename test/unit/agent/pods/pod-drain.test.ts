import { beforeEach, describe, expect, it } from 'vitest'
import type { PodDrainer } from '../../../../agent/pods/pod-drain.ts'
import type { Pod } from '../../../../shared/api/generated/core-v1.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

/** Lets go of a Pod when the test says so. */
class HeldDrainer implements PodDrainer {
  readonly asked: string[] = []
  readonly given: string[] = []
  #release = () => {}

  drain: PodDrainer['drain'] = ({ metadata }, sandboxId, signal) => {
    this.asked.push(`${metadata.name} in ${sandboxId ? 'its sandbox' : 'none'}`)
    return new Promise((resolve) => {
      this.#release = resolve
      signal.addEventListener('abort', () => {
        this.given.push(metadata.name)
        resolve()
      })
    })
  }

  release(): void {
    this.#release()
  }
}

describe('a Pod that is deleted', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let drainer: HeldDrainer
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    drainer = new HeldDrainer()
    node = new AgentNode(runtime, clock)
    node.drainer = drainer
  })

  const told = () => runtime.calls.filter((call) => /^(stop|kill)Container /.test(call))
  const run = async (spec: Partial<Pod['spec']> & object = {}) => {
    node.put(assignedPod('a', spec))
    await clock.until(() => node.status('a')?.phase === 'Running')
  }

  it('is drained before its containers are told to end', async () => {
    await run()
    node.delete('a', 30)
    await clock.advance(5_000)
    expect(drainer.asked).toEqual(['a in its sandbox'])
    expect(told()).toEqual([])
    expect(node.said()).toContain('Killing: Stopping container web')
    drainer.release()
    await clock.until(() => node.isTerminated('a'))
    expect(told()).toEqual(['stopContainer web'])
  })

  it('is waited for through half of its grace period, twenty seconds at most', async () => {
    runtime.program = () => ({ onTerm: 'ignore' })
    await run()
    node.delete('a', 30)
    await clock.advance(14_900)
    expect(told()).toEqual([])
    await clock.advance(200)
    expect(told()).toEqual(['stopContainer web'])
    await clock.advance(14_800)
    expect(told()).toEqual(['stopContainer web'])
    await clock.advance(200)
    expect(told()).toEqual(['stopContainer web', 'killContainer web'])
  })

  it('is not waited for longer than twenty seconds of a long grace period', async () => {
    await run()
    node.delete('a', 600)
    await clock.advance(19_900)
    expect(told()).toEqual([])
    await clock.advance(200)
    expect(told()).toEqual(['stopContainer web'])
  })

  it('is not drained where it has no time left, nor any more when that is taken from it', async () => {
    await run()
    node.delete('a', 0)
    await clock.until(() => node.isTerminated('a'))
    expect(drainer.asked).toEqual([])
    node.remove('a')
    runtime.calls.length = 0

    node.put({ ...assignedPod('a'), metadata: { ...assignedPod('a').metadata, uid: 'other' } })
    await clock.until(() => runtime.running().length === 1)
    node.delete('a', 30)
    await clock.advance(1_000)
    expect(told()).toEqual([])
    node.delete('a', 0)
    await clock.advance(100)
    expect(told()).toEqual(['stopContainer web'])
    expect(drainer.given).toEqual(['a'])
  })

  it('is drained while its preStop hook runs, and waits for both', async () => {
    const preStop = { sleep: { seconds: 3 } }
    await run({ containers: [podContainer('web', { lifecycle: { preStop } })] })
    node.delete('a', 30)
    await clock.advance(1_000)
    drainer.release()
    await clock.advance(1_900)
    expect(told()).toEqual([])
    await clock.advance(200)
    expect(told()).toEqual(['stopContainer web'])
  })

  it('keeps its sidecars until the containers that they serve have ended', async () => {
    await run({ initContainers: [podContainer('proxy', { restartPolicy: 'Always' })] })
    node.delete('a', 30)
    await clock.advance(1_000)
    expect(told()).toEqual([])
    drainer.release()
    await clock.until(() => node.isTerminated('a'))
    expect(told()).toEqual(['stopContainer web', 'stopContainer proxy'])
  })

  it('is drained anew by the next agent', async () => {
    await run()
    node.delete('a', 30)
    await clock.advance(1_000)
    node.restartAgent()
    await clock.advance(1_000)
    expect(drainer.asked).toHaveLength(2)
    expect(told()).toEqual([])
    drainer.release()
    await clock.until(() => node.isTerminated('a'))
  })
})

it('a Pod that the node evicts is not drained: what it uses is needed', async () => {
  const clock = new VirtualClock()
  const runtime = new FakeRuntime({ clock })
  runtime.addImage('app:1')
  const node = new AgentNode(runtime, clock)
  const drainer = new HeldDrainer()
  node.drainer = drainer
  node.put(assignedPod('a'))
  await clock.until(() => node.status('a')?.phase === 'Running')
  node.manager.evict('uid-a', { reason: 'Evicted', message: 'The node was low on resource: memory.' })
  await clock.advance(60_000)
  expect(drainer.asked).toEqual([])
  expect(runtime.running()).toEqual([])
})
