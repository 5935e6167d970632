import { beforeEach, describe, expect, it } from 'vitest'
import { LogsServer } from '../../../../agent/logs/logs-server.ts'
import { RuntimeFailure } from '../../../../agent/runtime/runtime.ts'
import { silentLogger } from '../../../../shared/log.ts'
import type { LogsRequest } from '../../../../shared/protocol/frames.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { MemoryStream } from '../../../support/memory-stream.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('LogsServer', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode
  let server: LogsServer

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
    server = new LogsServer({ runtime, pods: node.manager, clock, log: silentLogger })
  })

  const running = async () => {
    node.put(assignedPod('a'))
    await clock.until(() => node.status('a')?.phase === 'Running')
    return runtime.containerOf('a', 'web')?.id ?? ''
  }
  const open = async (request: Partial<LogsRequest> = {}) => {
    const stream = new MemoryStream()
    const defaults = { kind: 'logs', podUid: 'uid-a', container: 'web', follow: false, previous: false } as const
    await server.serve({ ...defaults, timestamps: false, ...request }, stream)
    return stream
  }
  const read = async (request: Partial<LogsRequest> = {}) => {
    const stream = await open(request)
    expect(await stream.ended).toBeUndefined()
    return stream.text()
  }

  it('sends the log of the running instance, and of the one before', async () => {
    runtime.program = ({ restartCount }) => ({ output: `start ${restartCount}\n` })
    const id = await running()
    expect(await read()).toBe('start 0\n')
    runtime.exitContainer(id, { exitCode: 1 })
    await clock.until(() => node.status('a')?.containerStatuses?.[0]?.restartCount === 1)
    await clock.advance(100)
    expect(await read()).toBe('start 1\n')
    expect(await read({ previous: true })).toBe('start 0\n')
  })

  it('sends what came since, the last lines, or only so many bytes', async () => {
    const id = await running()
    for (const line of ['one\n', 'two\n', 'three\n']) {
      runtime.write(id, line)
      await clock.advance(10_000)
    }
    expect(await read({ sinceSeconds: 15 })).toBe('three\n')
    expect(await read({ tailLines: 2 })).toBe('two\nthree\n')
    expect(await read({ limitBytes: 5 })).toBe('one\nt')
    expect(await read({ timestamps: true, tailLines: 1 })).toMatch(/^2030-01-01T00:00:\d\d\.\d+Z three\n$/)
  })

  it('follows to the end of the instance, and not into the next', async () => {
    const id = await running()
    const stream = await open({ follow: true })
    runtime.write(id, 'a\n')
    await clock.advance(100)
    expect(stream.text()).toBe('a\n')
    runtime.exitContainer(id, { exitCode: 0 })
    await clock.advance(5_000)
    expect(await stream.ended).toBeUndefined()
  })

  it('ends at the limit, though the container goes on', async () => {
    const id = await running()
    const stream = await open({ follow: true, limitBytes: 3 })
    runtime.write(id, 'abcdef\n')
    await clock.advance(100)
    expect(await Promise.race([stream.ended, 'still open'])).toBeUndefined()
    expect(stream.text()).toBe('abc')
  })

  it('stops reading when the other side hangs up', async () => {
    const id = await running()
    const stream = await open({ follow: true })
    stream.hangUp()
    await clock.advance(100)
    runtime.write(id, 'unheard\n')
    await clock.advance(100)
    expect(stream.text()).toBe('')
  })

  it.each([
    [{ podUid: 'other' }, 'NotFound', 'pods "other" not found'],
    [{ container: 'no' }, 'BadRequest', 'container "no" in pod "a" is not available'],
    [{ previous: true }, 'BadRequest', 'previous terminated container "web" in pod "a" not found'],
  ] as const)('refuses %j', async (request, reason, message) => {
    await running()
    await expect(open(request)).rejects.toMatchObject({ name: 'ApiError', reason, message })
  })

  it.each([
    [
      new RuntimeFailure('conflict', 'can not get logs from container which is dead or marked for removal'),
      ' for docker://ID',
    ],
    [new RuntimeFailure('notFound', 'No such container: ID'), ' for docker://ID'],
    [
      new RuntimeFailure('failed', 'the log driver does not support reading'),
      ': the log driver does not support reading',
    ],
  ])('says that there is no log to be had (%s)', async (failure, rest) => {
    const id = await running()
    runtime.logs = () => Promise.reject(failure)
    const message = `unable to retrieve container logs${rest.replace('ID', id)}`
    await expect(open()).rejects.toMatchObject({ reason: 'BadRequest', message })
  })

  it('says why there is no log yet', async () => {
    runtime.pullErrors.set('gone:1', 'no such image')
    node.put(assignedPod('a', { containers: [podContainer('web', { image: 'gone:1' })] }))
    const waiting = 'container "web" in pod "a" is waiting to start: '
    await clock.advance(1_000)
    await expect(open()).rejects.toMatchObject({ message: `${waiting}image can't be pulled` })
    await clock.advance(6_000)
    await expect(open()).rejects.toMatchObject({ message: `${waiting}trying and failing to pull image` })
  })
})
