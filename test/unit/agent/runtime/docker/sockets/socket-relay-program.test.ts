import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pauseProgram, socketsProgram } from '../../../../../../agent/runtime/docker/programs/pause-program.ts'
import type { RelayClient } from '../../../../../../agent/runtime/docker/sockets/relay-client.ts'
import { greetRelay } from '../../../../../../agent/runtime/docker/sockets/relay-handshake.ts'
import type { ContainerProcess } from '../../../../../../agent/runtime/runtime.ts'
import type { RelayedConnection } from '../../../../../../agent/runtime/socket-relay.ts'
import { sleep, systemClock } from '../../../../../../shared/clock.ts'
import { systemRandom } from '../../../../../../shared/random.ts'

const QEMU = '/usr/bin/qemu-aarch64-static'
const native = ({ x64: 'amd64', arm64: 'arm64' } as const)[process.arch as 'x64' | 'arm64']
const FRAME_TIMEOUT_MS = 30
const machines = [
  ...(native ? [{ architecture: native, emulator: [] as string[] }] : []),
  ...(native === 'amd64' && existsSync(QEMU) ? [{ architecture: 'arm64' as const, emulator: [QEMU] }] : []),
]

describe.skipIf(process.platform !== 'linux').each(machines)('the socket relay for $architecture', (machine) => {
  let folder: string
  const running: ChildProcess[] = []
  let letGo: AbortController

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubette-relay-'))
    await writeFile(join(folder, 'pause'), pauseProgram(machine.architecture, FRAME_TIMEOUT_MS), { mode: 0o755 })
    await writeFile(join(folder, 'sockets'), socketsProgram(machine.architecture), { mode: 0o755 })
  })
  beforeEach(() => {
    letGo = new AbortController()
  })
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL')
  })
  afterAll(() => rm(folder, { recursive: true }))

  const start = (name: 'pause' | 'sockets') => {
    const [program = '', ...args] = [...machine.emulator, join(folder, name)]
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    // Some tests end while there is more to say.
    child.stdin.on('error', () => {})
    running.push(child)
    return child
  }
  const open = async (child: ChildProcess): Promise<RelayClient> => {
    const relay = await greetRelay(streamsOf(child), { clock: systemClock(), random: systemRandom }, letGo.signal)
    if (!relay) throw new Error('the relay did not answer')
    return relay
  }

  it('passes datagrams both ways, with their addresses', async () => {
    const relay = await open(start('sockets'))
    const [socket, other] = [await relay.udp('127.0.0.1', 0), createSocket('udp4').bind(0, '127.0.0.1')]
    await once(other, 'listening')
    await socket.send(Buffer.from('ping'), { address: '127.0.0.1', port: other.address().port })
    const [ping, { address, port }] = await once(other, 'message')
    expect([ping.toString(), address]).toEqual(['ping', '127.0.0.1'])
    const answered = new Promise((resolve) => socket.onMessage((data, from) => resolve([data.length, from])))
    const largest = Buffer.alloc(65_507, 'x')
    other.send(largest, port)
    expect(await answered).toEqual([65_507, { address: '127.0.0.1', port: other.address().port }])
    const empty = new Promise((resolve) => socket.onMessage((data) => resolve(data.length)))
    other.send(Buffer.alloc(0), port)
    expect(await empty).toBe(0)
    other.close()
  })

  it('says why it cannot', async () => {
    const relay = await open(start('sockets'))
    await expect(relay.udp('192.0.2.1', 53)).rejects.toThrow('UDP port 53 of 192.0.2.1: EADDRNOTAVAIL')
    const socket = await relay.udp('127.0.0.1', 0)
    const failed = new Promise((resolve) => socket.onFailure(({ code }) => resolve(code)))
    await socket.send(Buffer.alloc(66_000), { address: '127.0.0.1', port: 9 })
    expect(await failed).toBe('EMSGSIZE')
    const sockets = await Promise.allSettled(Array.from({ length: 24 }, () => relay.udp('127.0.0.1', 0)))
    expect(sockets.filter(({ status }) => status === 'fulfilled')).toHaveLength(23)
  })

  it('serves TCP connections, so many at once, and ends one that does not take its answer', async () => {
    const child = start('sockets')
    const relay = await open(child)
    const port = await freePort()
    const listener = await relay.tcp('127.0.0.1', port)
    const accepted: RelayedConnection[] = []
    listener.onConnection((connection) => accepted.push(connection))
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    client.end('question')
    await until(() => accepted.length === 1)
    const [connection] = accepted
    let heard = ''
    for await (const data of connection?.input ?? []) heard += data
    expect([heard, connection?.from]).toEqual(['question', { address: '127.0.0.1', port: client.localPort }])
    await expectIdle(child)
    await connection?.write(Buffer.from('answer'))
    connection?.close()
    expect(await text(client)).toBe('answer')

    const many = Array.from({ length: 42 }, () => connect(port, '127.0.0.1').on('error', () => {}))
    const refused: unknown[] = []
    for (const socket of many) socket.resume().on('close', () => refused.push(socket))
    await until(() => accepted.length === 41 && refused.length === 2)
    const slow = accepted[7] as RelayedConnection
    for (const socket of many) socket.pause()
    const writing = (async () => {
      for (;;) await slow.write(Buffer.alloc(100_000))
    })()
    await expect(writing).rejects.toThrow('ENOTCONN')
    await accepted[8]?.write(Buffer.from('still here'))
    for (const socket of many) socket.destroy()
    for await (const data of accepted[8]?.input ?? []) expect(data).toBeUndefined()
  })

  it('begins anew with each user, whatever the one before has left', async () => {
    const child = start('pause')
    const first = await open(child)
    await first.udp('127.0.0.1', 0)
    const port = await freePort()
    const listener = await first.tcp('127.0.0.1', port)
    const second = await open(child)
    await Promise.all([first.closed, listener.closed])
    await second.tcp('127.0.0.1', port)
    child.stdin?.write(Buffer.from([200, 0, 0, 0, 6]))
    await sleep(systemClock(), FRAME_TIMEOUT_MS * 5)
    const third = await open(child)
    await third.tcp('127.0.0.1', port)
    third.close()
    await until(async () => !(await connects(port)))
    const fourth = await open(child)
    await fourth.tcp('127.0.0.1', port)
    letGo.abort()
    await fourth.closed
    await until(async () => !(await connects(port)))
  })

  it('ends with its stdin; one that holds a sandbox stays, and ends when it is asked to', async () => {
    const [pause, sockets] = [start('pause'), start('sockets')]
    const [relay] = await Promise.all([open(pause), open(sockets)])
    const port = await freePort()
    await relay.tcp('127.0.0.1', port)
    for (const child of [pause, sockets]) child.stdin?.end()
    expect(await once(sockets, 'close')).toEqual([0, null])
    await until(async () => !(await connects(port)))
    expect(pause.exitCode).toBeNull()
    pause.kill('SIGTERM')
    expect(await once(pause, 'close')).toEqual([0, null])
  })

  it('does not stand in the way of its own end when nobody takes its output, and idles', async () => {
    const pause = start('pause')
    const relay = await open(pause)
    const [socket, other] = [await relay.udp('127.0.0.1', 0), createSocket('udp4').bind(0, '127.0.0.1')]
    await once(other, 'listening')
    await socket.send(Buffer.from('ping'), { address: '127.0.0.1', port: other.address().port })
    const [, { port }] = await once(other, 'message')
    pause.stdout?.pause()
    for (let i = 0; i < 100; i++) other.send(Buffer.alloc(8000), port)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await expectIdle(pause)
    pause.kill('SIGTERM')
    pause.stdout?.resume()
    expect(await once(pause, 'close')).toEqual([0, null])
    other.close()
  })
})

function streamsOf(child: ChildProcess): ContainerProcess {
  const { stdin, stdout } = child
  // As with Docker, all that have joined it hear all.
  const heard = new PassThrough()
  stdout?.pipe(heard)
  async function* output() {
    for await (const data of heard) yield { from: 'stdout' as const, data }
  }
  return {
    output: output(),
    write: (data) =>
      new Promise((resolve, reject) => stdin?.write(data, (error) => (error ? reject(error) : resolve()))),
    endInput: () => {},
    resize: async () => {},
    close: () => {},
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function connects(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return connected
}

async function expectIdle(child: ChildProcess): Promise<void> {
  const before = await ticksOf(child)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect((await ticksOf(child)) - before).toBeLessThan(3)
}

/** Hundredths of a second of the processor. */
async function ticksOf({ pid }: ChildProcess): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')
  return Number(fields[13]) + Number(fields[14])
}
