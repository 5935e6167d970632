import { beforeEach, describe, expect, it } from 'vitest'
import type { ContainerSpec } from '../../../../agent/runtime/runtime.ts'
import type { EphemeralContainer } from '../../../../shared/api/generated/core-v1.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('ephemeral containers', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode
  const made: ContainerSpec[] = []

  beforeEach(async () => {
    made.length = 0
    clock = new VirtualClock()
    const program = (spec: ContainerSpec) => {
      made.push(spec)
      return { terminationMessage: 'seen enough' }
    }
    runtime = new FakeRuntime({ clock, program })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
    node.put(assignedPod('a'))
    await clock.until(() => node.status('a')?.phase === 'Running')
  })

  const add = (more: Partial<EphemeralContainer> = {}) => {
    const pod = assignedPod('a', {
      ephemeralContainers: [{ name: 'debug', image: 'app:1', imagePullPolicy: 'IfNotPresent', ...more }],
    })
    node.put({ ...pod, metadata: { ...pod.metadata, resourceVersion: '2' } })
  }
  const debug = () => node.status('a')?.ephemeralContainerStatuses?.[0]
  const web = () => runtime.containerOf('a', 'web')

  it('are started in a Pod that runs, once, whatever its restart policy', async () => {
    add({ terminationMessagePath: '/dev/termination-log' })
    await clock.until(() => debug()?.state?.running !== undefined)
    expect(debug()).toMatchObject({ name: 'debug', ready: false, restartCount: 0 })
    runtime.exitContainer(runtime.containerOf('a', 'debug')?.id ?? '', { exitCode: 3 })
    await clock.until(() => debug()?.state?.terminated !== undefined)
    await clock.advance(120_000)
    expect(debug()?.state?.terminated).toMatchObject({ exitCode: 3, reason: 'Error', message: 'seen enough' })
    expect(node.status('a')).toMatchObject({ phase: 'Running', containerStatuses: [{ ready: true, restartCount: 0 }] })
    expect(made.map(({ name }) => name)).toEqual(['web', 'debug'])
  })

  it('are named as what they are in events', async () => {
    add()
    await clock.until(() => debug()?.state?.running !== undefined)
    const paths = node.events.flatMap(({ reason, fieldPath }) => (reason === 'Started' ? [fieldPath] : []))
    expect(paths).toEqual(['spec.containers{web}', 'spec.ephemeralContainers{debug}'])
  })

  it('see the processes of the container that they name', async () => {
    add({ targetContainerName: 'web' })
    await clock.until(() => debug()?.state?.running !== undefined)
    expect(made.at(-1)?.processesOf).toBe(web()?.id)
  })

  it('wait for that container to run', async () => {
    runtime.program = ({ name }) => (name === 'web' ? { startError: 'no such file' } : {})
    runtime.exitContainer(web()?.id ?? '', { exitCode: 1 })
    add({ targetContainerName: 'web' })
    await clock.until(() => debug()?.state?.waiting?.message !== undefined)
    expect(debug()?.state?.waiting).toEqual({
      reason: 'CreateContainerConfigError',
      message: 'unable to find target container web',
    })
  })

  it('end with the Pod', async () => {
    add()
    await clock.until(() => debug()?.state?.running !== undefined)
    node.remove('a')
    await clock.until(() => runtime.containers.size === 0)
  })
})
