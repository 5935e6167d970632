import { beforeEach, describe, expect, it } from 'vitest'
import type { Device } from '../../../../agent/devices/device.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeProber } from '../../../support/fake-prober.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const RESOURCE = 'example.com/dongle'
/** One that the node only counts. */
const TOKEN = 'example.com/token'
const device = (hostPath: string): Device => ({
  ...{ resource: RESOURCE, hostPath, containerPath: '/dev/dongle', permissions: 'rw' },
})

describe('devices', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock, new FakeProber(), [device('/dev/a'), device('/dev/b')])
  })

  const pod = (name: string, count = '1') => {
    const resources = { limits: { [RESOURCE]: count }, requests: { [RESOURCE]: count } }
    return assignedPod(name, { containers: [podContainer('web', { resources })] })
  }
  const devicesOf = (name: string) => {
    const state = runtime.containerOf(name, 'web')
    return state && runtime.containers.get(state.id)?.spec.devices?.map(({ hostPath }) => hostPath)
  }
  const waitingOf = (name: string) => node.status(name)?.containerStatuses?.[0]?.state?.waiting

  it('gives each Pod one of its own, and lets one wait until another is gone', async () => {
    for (const name of ['one', 'two', 'three']) node.put(pod(name))
    await clock.advance(1000)
    expect([devicesOf('one'), devicesOf('two'), devicesOf('three')]).toEqual([['/dev/a'], ['/dev/b'], undefined])
    expect(waitingOf('three')).toEqual({
      reason: 'CreateContainerConfigError',
      message: `requested number of devices unavailable for ${RESOURCE}. Requested: 1, Available: 0`,
    })
    node.delete('two', 0)
    node.remove('two')
    await clock.advance(20_000)
    expect(devicesOf('three')).toEqual(['/dev/b'])
  })

  it('gives a container that is started again what it had', async () => {
    node.put(pod('one'))
    node.put(pod('two'))
    await clock.advance(1000)
    for (const name of ['two', 'one'])
      runtime.exitContainer(runtime.containerOf(name, 'web')?.id ?? '', { exitCode: 1 })
    await clock.advance(1000)
    expect(runtime.containerOf('two', 'web')?.restartCount).toBe(1)
    expect([devicesOf('one'), devicesOf('two')]).toEqual([['/dev/a'], ['/dev/b']])
  })

  it('knows after a restart of the agent what was given away', async () => {
    node.put(pod('one'))
    await clock.advance(1000)
    node.restartAgent()
    node.put(pod('two'))
    node.put(pod('three'))
    await clock.advance(1000)
    expect([devicesOf('one'), devicesOf('two'), devicesOf('three')]).toEqual([['/dev/a'], ['/dev/b'], undefined])
  })

  it('takes devices back from a Pod that has ended', async () => {
    runtime.program = ({ pod: { name } }) => (name === 'job' ? { exitAfterMs: 5_000 } : {})
    node.put({ ...pod('job', '2'), spec: { ...pod('job', '2').spec, restartPolicy: 'Never' } })
    await clock.advance(1000)
    node.put(pod('two', '2'))
    await clock.advance(1000)
    expect(waitingOf('two')?.message).toContain('Requested: 2, Available: 0')
    await clock.advance(30_000)
    expect(node.status('job')?.phase).toBe('Succeeded')
    expect(devicesOf('two')).toEqual(['/dev/a', '/dev/b'])
  })

  it('gives what an init container had to those after it, and to it again, but not what a sidecar has', async () => {
    const asking = (name: string, count: string, restartPolicy?: string) => {
      const resources = { limits: { [RESOURCE]: count }, requests: { [RESOURCE]: count } }
      return podContainer(name, { resources, ...(restartPolicy ? { restartPolicy } : {}) })
    }
    const devices = (container: string) => {
      const state = runtime.containerOf('turns', container)
      return state && runtime.containers.get(state.id)?.spec.devices?.map(({ hostPath }) => hostPath)
    }
    runtime.program = ({ name }) => (name.startsWith('init') ? { exitAfterMs: 100 } : {})
    const initContainers = [asking('init', '2'), asking('side', '1', 'Always'), asking('init-two', '1')]
    node.put(assignedPod('turns', { initContainers, containers: [asking('web', '1')] }))
    await clock.advance(30_000)
    const given = [['/dev/a', '/dev/b'], ['/dev/a'], ['/dev/b'], ['/dev/b']]
    expect(['init', 'side', 'init-two', 'web'].map(devices)).toEqual(given)
    for (const id of [...runtime.sandboxes.keys()]) await runtime.stopSandbox(id)
    await clock.until(() => runtime.containerOf('turns', 'web')?.restartCount === 1, 60_000)
    expect(['init', 'side', 'init-two', 'web'].map(devices)).toEqual(given)
  })

  it.each([
    [RESOURCE, 'evicted'],
    [TOKEN, 'evicted'],
    [RESOURCE, 'deleted'],
    [TOKEN, 'deleted'],
  ])('gives nobody the %s that a Pod has still which is %s', async (resource, how) => {
    node.allocatable = { ...node.allocatable, [RESOURCE]: '2', [TOKEN]: '3' }
    runtime.program = () => ({ onTerm: 'ignore' })
    const holding = (name: string) => {
      const resources = { limits: { [resource]: '2' }, requests: { [resource]: '2' } }
      return assignedPod(name, { containers: [podContainer('web', { resources })] })
    }
    node.put(holding('one'))
    await clock.advance(1000)
    if (how === 'deleted') node.delete('one')
    else node.manager.evict('uid-one', { reason: 'Evicted', message: 'for a test' })
    node.put(holding('two'))
    await clock.advance(28_000)
    expect(runtime.running().map(({ pod }) => pod.name)).toEqual(['one'])
    expect(waitingOf('two')?.reason).toBe('CreateContainerConfigError')
    expect(waitingOf('two')?.message).toContain(`requested number of devices unavailable for ${resource}. Requested: 2`)
    await clock.advance(15_000)
    expect(runtime.running().map(({ pod }) => pod.name)).toEqual(['two'])
  })
})
