import type { Duplex } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { Attachments } from '../../../../../agent/runtime/docker/attachments.ts'
import type { Containers } from '../../../../../agent/runtime/docker/containers.ts'
import type { DockerApi, DockerCall } from '../../../../../agent/runtime/docker/docker-api.ts'
import type { ContainerProcess } from '../../../../../agent/runtime/runtime.ts'
import { duplexPair } from '../../../../support/duplex-pair.ts'

const ALL = { stdin: true, stdout: true, stderr: true, tty: false }
const { signal } = new AbortController()

describe('attaching', () => {
  let attachments: Attachments
  let dialled: { query: DockerCall['query']; docker: Duplex }[]

  beforeEach(() => {
    dialled = []
    const docker = {
      hijack: async ({ query }: DockerCall) => {
        const [ours, docker] = duplexPair()
        dialled.push({ query, docker })
        return ours
      },
    }
    const containers = { inspect: async (id: string) => ({ State: { Running: id !== 'ended' } }) }
    attachments = new Attachments(docker as unknown as DockerApi, containers as unknown as Containers)
  })

  const started = async () => {
    attachments.created('a', { tty: false })
    await attachments.starting('a')
    return dialled[0]?.docker as Duplex
  }
  /** As Docker frames it. */
  const say = (docker: Duplex, text: string, stream: 1 | 2 = 1) => {
    const head = Buffer.alloc(8)
    head[0] = stream
    head.writeUInt32BE(text.length, 4)
    docker.write(Buffer.concat([head, Buffer.from(text)]))
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  const heard = async (process: ContainerProcess) => {
    const said = { stdout: '', stderr: '' }
    for await (const { from, data } of process.output) said[from] += Buffer.from(data)
    return said
  }

  it('keeps what a container with stdin says for the first who comes, who alone is its stdin', async () => {
    const docker = await started()
    say(docker, 'begun\nname? ')
    await settle()
    const first = await attachments.attach('a', ALL, signal)
    say(docker, 'hello')
    docker.end()
    expect(await heard(first)).toEqual({ stdout: 'begun\nname? hello', stderr: '' })
    expect(dialled.map(({ query }) => query)).toMatchObject([
      { stdin: false, stdout: true, stderr: true },
      { stdin: true, stdout: false, stderr: false },
    ])
    await attachments.attach('a', ALL, signal)
    expect(dialled[2]?.query).toMatchObject(ALL.tty ? {} : { stdin: true, stdout: true, stderr: true })
  })

  it('does not say again what the log had for somebody, in whole lines', async () => {
    const docker = await started()
    say(docker, 'line 1\nline 2\nunfinished')
    say(docker, 'trouble\n', 2)
    await settle()
    attachments.logRead('a')
    const first = await attachments.attach('a', ALL, signal)
    docker.end()
    expect(await heard(first)).toEqual({ stdout: 'unfinished', stderr: '' })
  })

  it('keeps nothing of who talks on and on, nor of one without stdin', async () => {
    const docker = await started()
    say(docker, 'x'.repeat(100_000))
    await settle()
    expect(docker.destroyed).toBe(true)
    await attachments.starting('b')
    expect(dialled).toHaveLength(1)
  })

  it('refuses one that has ended', async () => {
    await expect(attachments.attach('ended', ALL, signal)).rejects.toMatchObject({ code: 'notFound' })
  })
})
