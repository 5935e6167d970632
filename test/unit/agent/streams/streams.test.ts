import { beforeEach, describe, expect, it } from 'vitest'
import { CommandServer } from '../../../../agent/streams/command-server.ts'
import { PortForwardServer } from '../../../../agent/streams/port-forward-server.ts'
import { COMMAND_CHANNELS, encodeTerminalSize, PORT_CHANNELS } from '../../../../shared/protocol/command-channels.ts'
import type { AttachRequest, ExecRequest } from '../../../../shared/protocol/frames.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod } from '../../../support/assigned-pod.ts'
import type { FakeProcess } from '../../../support/fake-process.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { MemoryStream } from '../../../support/memory-stream.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('streams into Pods', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode
  let commands: CommandServer
  let ports: PortForwardServer
  const processes: FakeProcess[] = []

  beforeEach(async () => {
    processes.length = 0
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    runtime.program = () => ({
      talk: (process) => processes.push(process),
      listen: { port: 8080, serve: (connection) => processes.push(connection) },
    })
    node = new AgentNode(runtime, clock)
    commands = new CommandServer({ runtime, pods: node.manager })
    ports = new PortForwardServer({ runtime })
    node.put(assignedPod('a'))
    await clock.until(() => node.status('a')?.phase === 'Running')
  })

  const streams = { podUid: 'uid-a', container: 'web', stdin: true, stdout: true, stderr: true, tty: false }
  const exec: ExecRequest = { kind: 'exec', command: ['sh'], ...streams }
  const attach: AttachRequest = { kind: 'attach', ...streams }
  const open = async (request: ExecRequest | AttachRequest) => {
    const stream = new MemoryStream()
    await commands.serve(request, stream)
    return { stream, process: processes.at(-1) as FakeProcess }
  }
  const statusOf = (stream: MemoryStream) => JSON.parse(stream.text(COMMAND_CHANNELS.status))

  it('passes a command’s outputs on, and its exit code', async () => {
    const { stream, process } = await open(exec)
    process.print('out')
    process.print('err', 'stderr')
    process.exit(7)
    expect(await stream.ended).toBeUndefined()
    expect([stream.text(COMMAND_CHANNELS.stdout), stream.text(COMMAND_CHANNELS.stderr)]).toEqual(['out', 'err'])
    expect(statusOf(stream)).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    })
  })

  it('passes stdin on, sizes out of any pieces, and the end of stdin', async () => {
    const { stream, process } = await open(exec)
    const size = encodeTerminalSize({ width: 300, height: 20 })
    stream.send(COMMAND_CHANNELS.resize, size.subarray(0, 1))
    stream.send(COMMAND_CHANNELS.stdin, 'typed')
    stream.send(COMMAND_CHANNELS.resize, size.subarray(1))
    stream.send(COMMAND_CHANNELS.close, Buffer.of(COMMAND_CHANNELS.stdin))
    const typed: string[] = []
    for await (const data of process.input) typed.push(Buffer.from(data).toString())
    expect(typed).toEqual(['typed'])
    expect(process.sizes).toEqual([{ width: 300, height: 20 }])
    process.exit(0)
    await stream.ended
    expect(statusOf(stream)).toEqual({ metadata: {}, status: 'Success' })
  })

  it('joins the container’s own process, whose exit code is the Pod’s business', async () => {
    const { stream, process } = await open(attach)
    process.print('first words')
    process.exit(3)
    await stream.ended
    expect(stream.text(COMMAND_CHANNELS.stdout)).toBe('first words')
    expect(statusOf(stream).status).toBe('Success')
  })

  it('refuses what is not there or does not run, and what the runtime cannot do', async () => {
    await expect(open({ ...exec, container: 'db' })).rejects.toMatchObject({
      code: 404,
      message: 'container not found ("db")',
    })
    await expect(open({ ...attach, podUid: 'other' })).rejects.toMatchObject({ code: 404 })
    runtime.failNext('openExec')
    await expect(open(exec)).rejects.toMatchObject({ code: 500, message: expect.stringContaining('error executing') })
  })

  it('lets go of a process whose user has gone', async () => {
    const { stream, process } = await open(exec)
    stream.hangUp()
    process.print('nobody listens')
    await stream.ended
    expect(stream.written).toEqual([])
  })

  it('connects to a port of the Pod, with an end of each direction', async () => {
    const stream = new MemoryStream()
    await ports.serve({ kind: 'portForward', podUid: 'uid-a', port: 8080 }, stream)
    await clock.until(() => runtime.calls.includes('connect 8080'))
    await clock.advance(0)
    const connection = processes.at(-1) as FakeProcess
    stream.send(PORT_CHANNELS.toPod, 'ping')
    stream.sendEnd()
    for await (const data of connection.input) connection.print(`got ${Buffer.from(data)}`)
    connection.exit(0)
    expect(await stream.ended).toBeUndefined()
    expect(stream.text()).toBe('got ping')
  })

  it('says why a port cannot be reached', async () => {
    const refused = new MemoryStream()
    await ports.serve({ kind: 'portForward', podUid: 'uid-a', port: 9 }, refused)
    expect(await refused.ended).toMatchObject({
      message: 'failed to connect to localhost:9 inside the Pod: connection refused',
    })
    const unknown = ports.serve({ kind: 'portForward', podUid: 'other', port: 9 }, new MemoryStream())
    await expect(unknown).rejects.toMatchObject({ code: 404 })
  })
})
