import { describe, expect, it } from 'vitest'
import { ContainerSecrets } from '../../../../../agent/runtime/docker/container-secrets.ts'
import type { ContainerUsers } from '../../../../../agent/runtime/docker/container-users.ts'
import type { Containers } from '../../../../../agent/runtime/docker/containers.ts'
import type { DockerApi } from '../../../../../agent/runtime/docker/docker-api.ts'
import type { MemoryVolumes } from '../../../../../agent/runtime/docker/memory-volumes.ts'
import { type ContainerSpec, RuntimeFailure } from '../../../../../agent/runtime/runtime.ts'

/** What a Docker with this sandbox, container and image is asked for. */
function secrets({ mounts, image = {}, isLost = false }: { mounts: string[]; image?: object; isLost?: boolean }) {
  const inspected: string[] = []
  let loans = 0
  const check = async () => {
    if (isLost) throw new RuntimeFailure('volumesLost', 'Docker has let go of it')
  }
  const end = async () => void loans--
  const lend = async () => {
    loans++
    return { containerId: 'lender', end }
  }
  const containers = {
    inspect: async (id: string) => {
      inspected.push(id)
      const known = id === 'lender' ? ['/secrets'] : mounts
      return { Mounts: known.map((Destination) => ({ Destination, Source: `/docker/${id}${Destination}` })) }
    },
  }
  const docker = {
    architecture: async () => 'amd64',
    json: async ({ path }: { path: string }) => (path.startsWith('/images/') ? { Config: image } : {}),
  }
  const made = new ContainerSecrets({
    docker: docker as unknown as DockerApi,
    containers: containers as unknown as Containers,
    memory: { check } as unknown as MemoryVolumes,
    lender: { lend },
    users: { uidOf: async () => 0 } as unknown as ContainerUsers,
  })
  return { secrets: made, inspected, loans: () => loans }
}

const spec = (more: Partial<ContainerSpec>) =>
  ({
    sandboxId: 's',
    name: 'web',
    imageId: 'i',
    env: [],
    secretEnv: [{ name: 'A', value: 'b' }],
    ...more,
  }) as ContainerSpec

describe('the Secrets of a container', () => {
  const mounts = ['/secrets']
  const commandOf = async (image: object, more: Partial<ContainerSpec>) =>
    (await secrets({ mounts, image }).secrets.provide(spec(more)))?.command.slice(1)

  it('stand before the command that Docker would choose', async () => {
    const image = { Entrypoint: ['/entry'], Cmd: ['a'] }
    expect(await commandOf(image, {})).toEqual(['/entry', 'a'])
    expect(await commandOf(image, { args: ['b'] })).toEqual(['/entry', 'b'])
    expect(await commandOf(image, { command: ['/own'] })).toEqual(['/own'])
    expect(await commandOf(image, { command: ['/own'], args: ['b'] })).toEqual(['/own', 'b'])
    expect(await commandOf({ Entrypoint: null, Cmd: ['a'] }, {})).toEqual(['a'])
    await expect(commandOf({ Entrypoint: null, Cmd: null }, {})).rejects.toThrow('No command specified')
  })

  it('leave a command out that holds some of them', async () => {
    expect(await commandOf({}, { command: ['/own', 'secret'], hasSecretCommand: true })).toEqual([])
  })

  it('mount the container’s own part, and nothing where there is none', async () => {
    const { secrets: made } = secrets({ mounts })
    expect((await made.provide(spec({ command: ['x'] })))?.mount).toEqual({
      ...{ Type: 'bind', Source: '/docker/s/secrets/web', Target: '/.kubette', ReadOnly: true },
    })
    expect(await made.provide(spec({ secretEnv: [] }))).toBeUndefined()
  })

  it.each([
    ['that has no memory for them', { mounts: ['/messages'] }],
    ['whose memory Docker lost', { mounts, isLost: true }],
  ])('are lent some until the container has started in a sandbox %s', async (_, sandbox) => {
    const { secrets: made, loans } = secrets(sandbox)
    const begin = async (id: string) => {
      const start = await made.provide(spec({ command: ['x'] }))
      expect(start?.mount.Source).toBe('/docker/lender/secrets/web')
      if (start) made.created(id, start)
      expect(loans()).toBe(1)
    }
    await begin('c')
    await made.started('c')
    expect(loans()).toBe(0)
    await begin('never started')
    await made.removed('never started')
    expect(loans()).toBe(0)
  })

  it('ask Docker only once whether the program stands before a container’s commands', async () => {
    const { secrets: made, inspected } = secrets({ mounts: ['/.kubette'] })
    expect(await made.inside('c', ['ls'])).toEqual(['/.kubette/run', 'ls'])
    expect(await made.inside('c', ['ls'])).toEqual(['/.kubette/run', 'ls'])
    await made.removed('c')
    await made.inside('c', ['ls'])
    expect(inspected).toEqual(['c', 'c'])
    expect(await secrets({ mounts: [] }).secrets.inside('c', ['ls'])).toEqual(['ls'])
  })
})
