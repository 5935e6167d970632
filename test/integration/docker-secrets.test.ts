import { execFile } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { nanoid } from 'nanoid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DockerApi } from '../../agent/runtime/docker/docker-api.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import type { ContainerSpec } from '../../agent/runtime/runtime.ts'
import { systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { eventually } from '../support/shell.ts'
import { loadTestImage } from '../support/test-image.ts'
import { joinTestNetwork } from '../support/test-pod-network.ts'

const clock = systemClock()
const clusterId = `${process.pid}-secrets`
const IMAGE = `kubette-test/secrets:${process.pid}`
const docker = new DockerApi({}, clock)
const runtime = createDockerRuntime({ clusterId, nodeName: 'node-1', clock, log: silentLogger })
await joinTestNetwork(runtime, `e${process.pid}`)

describe('Secrets in the environment of a container in Docker', () => {
  const secret = `secret-${nanoid()}`
  const pod = { uid: nanoid(), namespace: 'default', name: 'secrets' }
  const spec = { pod, hostname: 'pod', hosts: [], ports: [], hostNetwork: false, volumes: [] }
  const signal = new AbortController().signal
  let sandboxId = ''
  let imageId = ''

  beforeAll(async () => {
    await loadTestImage({ reference: IMAGE, clusterId, groups: 'app:x:1000:\n' })
    imageId = (await runtime.inspectImage(IMAGE))?.id ?? ''
    sandboxId = (await runtime.runSandbox({ ...spec, hasSecrets: true })).id
  })
  afterAll(() => removeEverything({ clusterId, clock, log: silentLogger }))

  const start = async (name: string, command: string[] | undefined, more: Partial<ContainerSpec> = {}) => {
    const id = await runtime.createContainer({
      ...{ pod, sandboxId, name, restartCount: 0, specHash: 'h', image: IMAGE, imageId },
      ...(command ? { command } : {}),
      env: [{ name: 'PLAIN', value: 'plain' }],
      secretEnv: [{ name: 'KEY', value: secret }],
      ...{ resources: {}, oomScoreAdj: 0, tty: false, stdin: false, stdinOnce: false, mounts: [], annotations: {} },
      ...more,
    })
    await runtime.startContainer(id)
    return id
  }
  const ended = async (id: string) => {
    const { exitCode } = await eventually('its end', async () => {
      const found = (await runtime.list(pod.uid)).containers.find((container) => container.id === id)
      if (found?.state.phase !== 'exited') throw new Error('it runs')
      return found.state
    })
    const output = await text(await runtime.logs(id, { follow: false, timestamps: false }, signal))
    return { output, exitCode }
  }
  const sleep = ['sh', '-c', 'trap exit TERM; while :; do sleep 0.1; done']

  it('reach its process, and what is run there, and no file of Docker’s', async () => {
    const args = [...sleep, secret]
    const id = await start('web', args, { hasSecretCommand: true })
    const run = (command: string[]) => runtime.exec(id, command, 10_000)
    const print = ['sh', '-c', 'echo $PLAIN $KEY']
    expect(await run(print)).toEqual({ exitCode: 0, output: `plain ${secret}\n` })
    expect((await run(['cat', '/proc/1/cmdline'])).output.split('\0').slice(0, -1)).toEqual(args)
    expect((await run(['cat', '/proc/1/environ'])).output.split('\0')).toContain(`KEY=${secret}`)
    expect((await run(['sh', '-c', 'echo > /.kubette/environment'])).output).toContain('Read-only')
    // As an agent that did not make it.
    const another = createDockerRuntime({ clusterId, nodeName: 'node-1', clock, log: silentLogger })
    expect((await another.exec(id, print, 10_000)).output).toContain(secret)

    const known = await docker.json({ method: 'GET', path: `/containers/${id}/json` })
    expect(JSON.stringify(known)).not.toContain(secret)
    expect(await isOnDisk('PLAIN=plain')).toBe(true)
    expect(await isOnDisk(secret)).toBe(false)
  })

  /** Whether Docker or its containerd have that among what they know of containers. */
  async function isOnDisk(content: string): Promise<boolean> {
    const { DockerRootDir } = await docker.json<{ DockerRootDir: string }>({ method: 'GET', path: '/info' })
    const places = [`${DockerRootDir}/containers`, `${DockerRootDir}/containerd`, '/var/lib/containerd']
    const options = ['-rsqF', '--include=*.json', '--include=*.db', content]
    return promisify(execFile)('grep', [...options, ...places]).then(
      () => true,
      () => false,
    )
  }

  it('are for the user as whom it begins', async () => {
    const script = 'id -u; stat -c "%a %u" /.kubette/environment; echo "$KEY"'
    const user = (name: string) => ({ securityContext: { user: name, readOnlyRootFilesystem: true } })
    const print = ['sh', '-c', script]
    const named = await start('named', print, user('app'))
    const numbered = await start('numbered', print, user('7:8'))
    const root = await start('root', print, { securityContext: { dropCapabilities: ['ALL'], noNewPrivileges: true } })
    expect((await ended(named)).output).toBe(`1000\n400 1000\n${secret}\n`)
    expect((await ended(numbered)).output).toBe(`7\n400 7\n${secret}\n`)
    expect((await ended(root)).output).toBe(`0\n400 0\n${secret}\n`)
  })

  it('come new with each start, and stay apart from those of others', async () => {
    const print = ['sh', '-c', 'echo $KEY$OTHER; ls -A /.kubette']
    const first = await start('again', print)
    expect((await ended(first)).output).toBe(`${secret}\nenvironment\nrun\n`)
    const changed = [{ name: 'OTHER', value: 'x'.repeat(100_000) }]
    const second = await start('again', print, { restartCount: 1, secretEnv: changed })
    expect((await ended(second)).output).toBe(`${'x'.repeat(100_000)}\nenvironment\nrun\n`)
  })

  it('reach one that was added to a Pod without any', async () => {
    const other = { ...pod, uid: nanoid() }
    const { id: without } = await runtime.runSandbox({ ...spec, pod: other })
    const id = await start('added', sleep, { pod: other, sandboxId: without, securityContext: { user: '7' } })
    const print = ['sh', '-c', 'echo $KEY; cat /.kubette/environment']
    expect(await runtime.exec(id, print, 10_000)).toEqual({ exitCode: 0, output: `${secret}\nKEY=${secret}\0` })
    const label = `kubette.dev/cluster=${clusterId}`
    const filters = { label: [label, 'kubette.dev/kind=memory-volume'] }
    const count = async () => {
      const { Volumes } = await docker.json<{ Volumes: object[] }>({
        method: 'GET',
        path: '/volumes',
        query: { filters },
      })
      return Volumes.length
    }
    await eventually('what was lent is given back', async () => (await count()) === 1)
    await expect(start('broken', ['no-such'], { imageId: 'sha256:0', sandboxId: without })).rejects.toThrow()
    await eventually('what was lent is given back', async () => (await count()) === 1)
  })

  it('do not change what a container is', async () => {
    const args = ['-c', 'echo $0 $1 $KEY; exit 7', 'a', 'b c']
    expect(await ended(await start('args', ['sh'], { args }))).toEqual({ output: `a b c ${secret}\n`, exitCode: 7 })
    expect(await ended(await start('only', undefined, { args: ['echo', 'a'] }))).toEqual({ output: 'a\n', exitCode: 0 })
    // A shell that has nothing to read.
    expect(await ended(await start('image', undefined))).toEqual({ output: '', exitCode: 0 })
    expect(await ended(await start('missing', ['no-such']))).toEqual({
      output: 'exec: "no-such": executable file not found in $PATH\n',
      exitCode: 127,
    })
    await expect(start('zero', ['true'], { secretEnv: [{ name: 'A', value: 'a\0b' }] })).rejects.toThrow(
      'environment variable "A" contains a nul byte',
    )
    const id = await start('stopped', sleep)
    await runtime.stopContainer(id)
    expect((await ended(id)).exitCode).toBe(0)
  })
})
