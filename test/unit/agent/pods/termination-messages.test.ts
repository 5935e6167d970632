import { beforeEach, describe, expect, it } from 'vitest'
import type { Container } from '../../../../shared/api/generated/core-v1.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import type { FakeProgram } from '../../../support/fake-program.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('termination messages', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode

  const reset = () => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
  }
  beforeEach(reset)

  const speaker = (name: string, more: Partial<Container> = {}) =>
    podContainer(name, { terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', ...more })
  const ended = async (program: FakeProgram, more: Partial<Container> = {}, restartPolicy = 'Never') => {
    runtime.program = () => ({ exitAfterMs: 100, exitCode: 1, ...program })
    node.put(assignedPod('a', { restartPolicy, containers: [speaker('web', more)] }))
    await clock.until(
      () => web()?.state?.terminated !== undefined || web()?.state?.waiting?.reason === 'CrashLoopBackOff',
    )
    return (web()?.state?.terminated ?? web()?.lastState?.terminated)?.message
  }
  const web = () => node.status('a')?.containerStatuses?.[0]

  it('are what a container wrote to its file', async () => {
    expect(await ended({ terminationMessage: 'out of luck' })).toBe('out of luck')
    expect([...runtime.containers.values()][0]?.spec.terminationMessage).toEqual({
      path: '/dev/termination-log',
      file: 0,
    })
    expect(runtime.calls.filter((call) => call.startsWith('terminationMessage'))).toHaveLength(1)
  })

  it('hold up nothing where they cannot be read, and are no longer asked for after a time', async () => {
    const asked: AbortSignal[] = []
    runtime.terminationMessage = (_, signal) => new Promise<undefined>(() => asked.push(signal))
    runtime.program = () => ({ exitAfterMs: 100, exitCode: 1 })
    node.put(assignedPod('a', { restartPolicy: 'Never', containers: [speaker('web')] }))
    await clock.until(() => node.status('a')?.phase === 'Failed', 60_000)
    expect(web()?.state?.terminated).toMatchObject({ exitCode: 1 })
    await clock.until(() => asked[0]?.aborted === true, 60_000)
  })

  it('are none where nothing was written', async () => {
    expect(await ended({ output: 'a log\n' })).toBeUndefined()
  })

  it('are the end of the log where that is asked for, nothing was written, and the container failed', async () => {
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}\n`)
    const asked = { terminationMessagePolicy: 'FallbackToLogsOnError' }
    expect(await ended({ output: lines.join('') }, asked)).toBe(lines.slice(20).join(''))
    for (const [program, message] of [
      [{ output: 'fine\n', exitCode: 0 }, undefined],
      [{ output: 'a log\n', terminationMessage: 'words' }, 'words'],
    ] as const) {
      reset()
      expect(await ended(program, asked)).toBe(message)
    }
  })

  it('stay with the instance before', async () => {
    runtime.program = ({ restartCount }) => ({
      exitAfterMs: 100,
      exitCode: 1,
      terminationMessage: `life ${restartCount}`,
    })
    node.put(assignedPod('a', { containers: [speaker('web')] }))
    await clock.until(() => web()?.restartCount === 1 && web()?.state?.running !== undefined)
    expect(web()?.lastState?.terminated?.message).toBe('life 0')
    node.restartAgent()
    await clock.advance(20)
    expect(web()?.lastState?.terminated?.message).toBe('life 0')
  })

  it('share twelve kilobytes', async () => {
    runtime.program = () => ({ exitAfterMs: 100, terminationMessage: 'x'.repeat(5000) })
    const containers = ['a', 'b', 'c', 'd'].map((name) => speaker(name))
    node.put(assignedPod('a', { restartPolicy: 'Never', containers }))
    await clock.until(() => node.status('a')?.phase === 'Succeeded')
    const lengths = node.status('a')?.containerStatuses?.map(({ state }) => state?.terminated?.message?.length)
    expect(lengths).toEqual([3072, 3072, 3072, 3072])
  })

  it('that cannot be read now are read later', async () => {
    runtime.failNext('terminationMessage')
    expect(await ended({ terminationMessage: 'words' })).toBe('words')
    expect(runtime.calls.filter((call) => call.startsWith('terminationMessage'))).toHaveLength(2)
  })
})
