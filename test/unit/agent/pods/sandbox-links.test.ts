import { beforeEach, describe, expect, it } from 'vitest'
import { RuntimeFailure, type SandboxSpec } from '../../../../agent/runtime/runtime.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const SYSCTLS = { 'net.ipv6.conf.default.disable_ipv6': '1' }
const REFUSED = new RuntimeFailure('failed', 'could not link the sandbox to the network: there is no bridge kbb-a')

describe('the link of a Pod’s sandbox', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode
  let specs: SandboxSpec[]

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    specs = []
    const run = runtime.runSandbox.bind(runtime)
    runtime.runSandbox = (spec) => {
      specs.push(spec)
      return run(spec)
    }
    node = new AgentNode(runtime, clock)
    node.ownNetwork(SYSCTLS)
  })

  it('is there before its containers, and is made with an address of the agent’s', async () => {
    let resolve = () => {}
    const made = new Promise<void>((done) => {
      resolve = done
    })
    node.link = () => made
    node.put(assignedPod('web'))
    await clock.advance(5_000)
    expect(runtime.containers.size).toBe(0)
    resolve()
    await clock.advance(1_000)
    expect(node.status('web')).toMatchObject({ phase: 'Running', podIP: '10.244.1.1' })
    expect(specs).toMatchObject([{ address: '10.244.1.1', linkedBy: 'agent', sysctls: SYSCTLS }])
    const [id] = runtime.sandboxes.keys()
    node.delete('web', 0)
    await clock.until(() => node.isTerminated('web'))
    expect(node.left).toContain(id)
  })

  it('is the runtime’s where that publishes ports, and nobody’s on the machine’s network', async () => {
    const ports = [{ containerPort: 80, hostPort: 8080 }]
    node.put(assignedPod('web', { containers: [{ name: 'main', image: 'app:1', ports }] }))
    await clock.advance(1_000)
    node.put(assignedPod('host', { hostNetwork: true }))
    await clock.advance(1_000)
    expect(specs.map(({ linkedBy }) => linkedBy)).toEqual([undefined, undefined])
  })

  it('takes its sandbox with it when it cannot be made, which is said and tried again', async () => {
    node.link = () => Promise.reject(REFUSED)
    node.put(assignedPod('web'))
    await clock.advance(1_000)
    expect(node.said()).toContain(`FailedCreatePodSandBox: Failed to create pod sandbox: ${REFUSED.message}`)
    expect([runtime.sandboxes.size, runtime.containers.size, node.left.length]).toEqual([0, 0, 1])
    node.link = async () => {}
    await clock.advance(10_000)
    expect(node.status('web')).toMatchObject({ phase: 'Running', podIP: '10.244.1.2' })
  })

  it('is asked for again before a container starts in a sandbox that was there already', async () => {
    runtime.program = () => ({ exitAfterMs: 60_000, exitCode: 1 })
    node.put(assignedPod('web'))
    await clock.advance(1_000)
    node.link = () => Promise.reject(REFUSED)
    node.restartAgent()
    await clock.advance(61_000)
    expect(node.said()).toContain(`FailedCreatePodSandBox: Failed to create pod sandbox: ${REFUSED.message}`)
    expect(runtime.running()).toEqual([])
    node.link = async () => {}
    await clock.advance(11_000)
    expect(runtime.running()).toHaveLength(1)
  })
})
