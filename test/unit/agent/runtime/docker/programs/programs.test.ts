import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ownProgram } from '../../../../../../agent/runtime/docker/programs/own-program.ts'
import { pauseProgram, socketsProgram } from '../../../../../../agent/runtime/docker/programs/pause-program.ts'
import { CONNECTED, relayProgram } from '../../../../../../agent/runtime/docker/programs/relay-program.ts'
import { secretsProgram } from '../../../../../../agent/runtime/docker/programs/secrets-program.ts'
import { switchProgram } from '../../../../../../agent/runtime/docker/programs/switch-program.ts'
import { sysfsProgram } from '../../../../../../agent/runtime/docker/programs/sysfs-program.ts'

describe.each([
  ['amd64', 62],
  ['arm64', 183],
] as const)('for %s', (architecture, machine) => {
  it.each([
    ['own', ownProgram],
    ['pause', pauseProgram],
    ['relay', relayProgram],
    ['secrets', secretsProgram],
    ['sockets', socketsProgram],
    ['switch', switchProgram],
    ['sysfs', sysfsProgram],
  ])('%s is a small executable', (_name, make) => {
    const program = make(architecture)
    expect(program.subarray(0, 4).toString('latin1')).toBe('\x7fELF')
    expect(program.readUInt16LE(18)).toBe(machine)
    expect(program.readBigUInt64LE(24) - program.readBigUInt64LE(64 + 16)).toBe(120n)
    expect(program.readBigUInt64LE(64 + 32)).toBe(BigInt(program.length))
    expect(program.length).toBeLessThan(3072)
  })

  it('asks the kernel for nothing but what it says', () => {
    const pausing = new Set(callsOf(architecture, pauseProgram(architecture)))
    const relaying =
      architecture === 'amd64'
        ? [13, 14, 9, 289, 72, 271, 45, 3, 288, 0, 44, 28, 41, 54, 49, 50, 1]
        : [134, 135, 222, 74, 25, 73, 207, 57, 242, 63, 206, 233, 198, 208, 200, 201, 64]
    const holding = architecture === 'amd64' ? [128, 231] : [137, 94]
    // To open and write files; it closes and writes anyway.
    const writing = architecture === 'amd64' ? [257] : [56]
    expect([...pausing].sort()).toEqual([...relaying, ...holding, ...writing].sort())
    expect(callsOf(architecture, switchProgram(architecture))).toEqual(
      architecture === 'amd64' ? [264, 263, 263, 231, 231] : [38, 35, 35, 94, 94],
    )
    expect(callsOf(architecture, sysfsProgram(architecture))).toEqual(
      architecture === 'amd64' ? [165, 231, 231] : [40, 94, 94],
    )
    const hiding = new Set(callsOf(architecture, secretsProgram(architecture)))
    const secrets = architecture === 'amd64' ? [9, 257, 0, 59, 1, 231] : [222, 56, 63, 221, 64, 94]
    expect([...hiding].sort()).toEqual(secrets.sort())
    const owning = new Set(callsOf(architecture, ownProgram(architecture)))
    const ownership =
      architecture === 'amd64'
        ? [104, 262, 257, 217, 260, 268, 93, 91, 3, 231]
        : [176, 79, 56, 61, 54, 53, 55, 52, 57, 94]
    expect([...owning].sort()).toEqual(ownership.sort())
    const relayed = new Set(callsOf(architecture, relayProgram(architecture)))
    const expected = architecture === 'amd64' ? [13, 41, 42, 231, 56, 0, 1, 48] : [134, 198, 203, 94, 220, 63, 64, 210]
    expect([...relayed].sort()).toEqual(expected.sort())
  })
})

/** The numbers of the calls, in the order of the code. */
function callsOf(architecture: 'amd64' | 'arm64', program: Buffer): number[] {
  if (architecture === 'arm64') {
    const words = Array.from({ length: (program.length - 120) >> 2 }, (_, i) => program.readUInt32LE(120 + i * 4))
    const calls = words.filter((word, i) => (word & 0xffe0001f) >>> 0 === 0xd2800008 && words[i + 1] === 0xd4000001)
    return calls.map((word) => (word >> 5) & 0xffff)
  }
  const calls: number[] = []
  for (let at = 120; at + 7 <= program.length; at++) {
    if (program[at] === 0xb8 && program[at + 5] === 0x0f && program[at + 6] === 0x05)
      calls.push(program.readUInt32LE(at + 1))
  }
  return calls
}

const own = ({ x64: 'amd64', arm64: 'arm64' } as const)[process.arch as 'x64' | 'arm64']

describe.skipIf(own === undefined || process.platform !== 'linux')('run on this machine', () => {
  let folder: string
  const servers: Server[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubette-programs-'))
    await writeFile(join(folder, 'pause'), pauseProgram(own), { mode: 0o755 })
    await writeFile(join(folder, 'own'), ownProgram(own), { mode: 0o755 })
    await writeFile(join(folder, 'sysfs'), sysfsProgram(own), { mode: 0o755 })
    await writeFile(join(folder, 'relay'), relayProgram(own), { mode: 0o755 })
    await writeFile(join(folder, 'run'), secretsProgram(own, folder), { mode: 0o755 })
  })
  afterAll(async () => {
    for (const server of servers) server.close()
    await rm(folder, { recursive: true })
  })

  // Anybody may do that with what is his, for a group that he has.
  it('own gives a whole tree to its group, and follows no link', async () => {
    const tree = join(folder, 'tree')
    const deep = join(tree, '.a/..b', 'd/'.repeat(200))
    await mkdir(deep, { recursive: true, mode: 0o700 })
    await writeFile(join(tree, 'file'), '', { mode: 0o400 })
    await chmod(join(tree, 'file'), 0o4500)
    for (let i = 0; i < 200; i++)
      await writeFile(join(tree, '.a', `of-many-with-a-long-name-${i}`), '', { mode: 0o600 })
    await writeFile(join(folder, 'outside'), '', { mode: 0o600 })
    await symlink(join(folder, 'outside'), join(deep, 'link'))
    expect(await endOf(spawn(join(folder, 'own'), { cwd: tree }))).toBe(0)
    const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8)
    expect(await modeOf(join(tree, 'file'))).toBe('4760')
    expect(await modeOf(join(folder, 'outside'))).toBe('600')
    for (const directory of [tree, join(tree, '.a'), deep]) expect(await modeOf(directory)).toMatch(/^277[05]$/)
    const names = await readdir(join(tree, '.a'))
    const modes = await Promise.all(
      names.filter((name) => !name.startsWith('..')).map((name) => modeOf(join(tree, '.a', name))),
    )
    expect(modes).toEqual(Array.from({ length: 200 }, () => '660'))
  })

  it('own leaves a tree alone that is its group’s, if asked to', async () => {
    const tree = await mkdtemp(join(folder, 'tree-'))
    await writeFile(join(tree, 'file'), '', { mode: 0o600 })
    const modes = async (...args: string[]) => {
      expect(await endOf(spawn(join(folder, 'own'), args, { cwd: tree }))).toBe(0)
      return ((await stat(join(tree, 'file'))).mode & 0o777).toString(8)
    }
    await chmod(tree, 0o2770)
    expect(await modes('if')).toBe('600')
    await chmod(tree, 0o2750)
    expect(await modes('if')).toBe('660')
    await chmod(join(tree, 'file'), 0o600)
    expect(await modes()).toBe('660')
  })

  // Where it may have a network and mounts of its own.
  it.skipIf(spawnSync('unshare', ['--mount', '--net', 'true']).status !== 0)(
    'sysfs lets those write to /sys that have it mounted so, though it was mounted read-only first',
    async () => {
      const script = `cd ${folder}; mkdir read write; file=class/net/lo/ifalias
        mount -t sysfs -o ro none read; mount -t sysfs none write; mount -t sysfs none /sys
        (echo 1 > write/$file); ./sysfs; echo $?; (echo 2 > write/$file); (echo 3 > read/$file); cat read/$file`
      const shell = spawn('unshare', ['--mount', '--net', 'sh', '-c', script])
      const [said, refused] = await Promise.all([buffer(shell.stdout), buffer(shell.stderr)])
      expect(said.toString()).toBe('0\n2\n')
      expect(refused.toString().match(/Read-only file system/g)).toHaveLength(2)
    },
  )

  const start = (...[name = '', ...args]: string[]) => spawn(join(folder, name), args)
  const endOf = async (process: ChildProcess) => (await once(process, 'close')).at(0)
  const serve = async (host: string, onConnection: (socket: Socket) => void): Promise<string> => {
    const server = createServer({ allowHalfOpen: true }, onConnection).listen(0, host)
    servers.push(server)
    await once(server, 'listening')
    return String((server.address() as AddressInfo).port)
  }

  describe('secrets', () => {
    const texts = (...all: string[]) => all.map((text) => `${text}\0`).join('')
    const write = async (environment: string, command?: string) => {
      await rm(join(folder, 'command'), { force: true })
      await writeFile(join(folder, 'environment'), environment)
      if (command !== undefined) await writeFile(join(folder, 'command'), command)
    }
    const run = (args: string[], env: Record<string, string> = {}) => {
      const { status, stdout, stderr } = spawnSync(join(folder, 'run'), args, { env, cwd: folder, encoding: 'utf8' })
      return { status, stdout, stderr }
    }
    const said = (stdout: string) => ({ status: 0, stdout, stderr: '' })
    const notRun = (why: string, status = 126) => ({ status, stdout: '', stderr: `exec: ${why}\n` })

    it('becomes its command with variables of a file, which replace those of the same name', async () => {
      await write(texts('A=new', 'KEY=two\nlines=x', 'EMPTY='))
      const env = { A: 'old', AB: 'kept', EMPTY: 'x', A_: '' }
      const expected = 'A=new\0KEY=two\nlines=x\0EMPTY=\0AB=kept\0A_=\0'
      expect(run(['/usr/bin/env', '-0'], env)).toEqual(said(expected))
      await write('')
      expect(run(['/usr/bin/env', '-0'], { A: 'old' })).toEqual(said('A=old\0'))
    })

    it('finds its command as a shell does, by the path that it has then', async () => {
      await mkdir(join(folder, 'bin'), { recursive: true })
      await writeFile(join(folder, 'bin/hello'), '#!/bin/sh\necho "$0" "$@"', { mode: 0o755 })
      await writeFile(join(folder, 'plain'), '')
      await write('')
      expect(run(['hello', 'a b', ''], { PATH: '/nowhere:bin' })).toEqual(said('bin/hello a b \n'))
      expect(run(['plain'], { PATH: 'plain:' })).toEqual(notRun('"plain": permission denied'))
      expect(run(['./bin/hello'])).toEqual(said('./bin/hello\n'))
      await write(texts(`PATH=${folder}:${folder}/bin`))
      expect(run(['hello'], { PATH: '/usr/bin' })).toEqual(said(`${folder}/bin/hello\n`))
    })

    it('takes its command from a file where it is given none', async () => {
      await write(texts('KEY=value'), texts('/bin/sh', '-c', 'echo "$0$1$2$KEY"', 'a', '', 'c d '))
      expect(run([])).toEqual(said('ac d value\n'))
    })

    it('says why there is none', async () => {
      await write('', texts())
      expect(run([])).toEqual(notRun('the Secrets of this container cannot be read'))
      await write('')
      expect(run([])).toEqual(notRun('the Secrets of this container cannot be read'))
      const notFound = notRun('"true": executable file not found in $PATH', 127)
      expect(run(['true'])).toEqual(notFound)
      expect(run(['true'], { PATH: '/nowhere:/etc/passwd' })).toEqual(notFound)
      expect(run(['/nowhere/true'])).toEqual(notRun('"/nowhere/true": no such file or directory', 127))
      await writeFile(join(folder, 'strange'), 'strange', { mode: 0o755 })
      expect(run(['./strange'])).toEqual(notRun('"./strange": exec format error'))
      await write(texts(`A=${'x'.repeat(140_000)}`))
      expect(run(['/bin/true'])).toEqual(notRun('"/bin/true": argument list too long'))
      await write('x'.repeat(6 * 2 ** 20))
      expect(run(['/bin/true'])).toEqual(notRun('the Secrets of this container cannot be read'))
      await rm(join(folder, 'environment'))
      expect(run(['/bin/true'])).toEqual(notRun('the Secrets of this container cannot be read'))
    })
  })

  it('pause writes files over that are there, before it serves', async () => {
    const [long, empty, missing] = ['long', 'empty', 'missing'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    await writeFile(long, 'x'.repeat(5000))
    await writeFile(empty, '')
    const text = 'nameserver 10.43.0.10\n'.repeat(300)
    const pause = start('pause', long, 'short\n', missing, 'never', empty, text)
    await vi.waitFor(async () => expect(await readFile(empty, 'utf8')).toBe(text))
    pause.kill('SIGTERM')
    await endOf(pause)
    expect(await readFile(long, 'utf8')).toBe('short\n')
    expect(await readdir(folder)).not.toContain('missing')
  })

  it('pause ends when it is asked to', async () => {
    const pause = start('pause')
    await once(pause, 'spawn')
    // It blocks the signal with its second call: one that comes sooner is as good.
    pause.kill('SIGTERM')
    expect(await once(pause, 'close')).toSatisfy(([code, signal]) => code === 0 || signal === 'SIGTERM')
  })

  it.each(['127.0.0.1', '::1'])('relay passes everything on, and the end of it, to %s', async (host) => {
    const port = await serve(host, (socket) => {
      const parts: Buffer[] = []
      socket.on('data', (part) => parts.push(part)).on('end', () => socket.end(Buffer.concat(parts)))
    })
    const relay = start('relay', port)
    const data = randomBytes(1_000_000)
    for (const part of [data.subarray(0, 1), data.subarray(1, 700_000), data.subarray(700_000)]) {
      relay.stdin.write(lengthOf(part))
      relay.stdin.write(part)
    }
    relay.stdin.write(lengthOf(Buffer.alloc(0)))
    const [answer, code] = await Promise.all([buffer(relay.stdout), endOf(relay)])
    expect(answer.equals(Buffer.concat([Buffer.of(CONNECTED), data]))).toBe(true)
    expect(code).toBe(0)
  })

  it('relay goes on with what the other side sends after it has closed its own direction', async () => {
    const port = await serve('127.0.0.1', (socket) => socket.end('hello'))
    const relay = start('relay', port)
    expect((await buffer(relay.stdout)).toString()).toBe('\x06hello')
  })

  it('relay ends with the reason where nobody listens, and when its user has gone', async () => {
    const unused = await serve('127.0.0.1', () => {})
    servers.pop()?.close()
    expect(await endOf(start('relay', unused))).toBe(111)
    const relay = start('relay', await serve('127.0.0.1', () => {}))
    relay.stdin.end(Buffer.concat([lengthOf(Buffer.alloc(9)), Buffer.from('cut')]))
    expect(await endOf(relay)).toBe(0)
  })
})

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(part.length)
  return length
}
