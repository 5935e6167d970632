import { expect, it } from 'vitest'
import type { Containers } from '../../../../../agent/runtime/docker/containers.ts'
import type { DockerApi } from '../../../../../agent/runtime/docker/docker-api.ts'
import { HostPaths } from '../../../../../agent/runtime/docker/host-paths.ts'
import type { PauseImage } from '../../../../../agent/runtime/docker/pause-image.ts'
import { RuntimeFailure } from '../../../../../agent/runtime/runtime.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const GO_DIRECTORY = 2 ** 31 + 0o755

const STAT = Buffer.from(JSON.stringify({ mode: GO_DIRECTORY, linkTarget: '' })).toString('base64')
const answer = () => ({ headers: { 'x-docker-container-path-stat': STAT }, destroy: () => {} })

const hostPaths = (docker: object, remove: (id: string) => void = () => {}, createNamed = async () => 'probe') =>
  new HostPaths({
    docker: docker as unknown as DockerApi,
    containers: { createNamed, remove: async (id: string) => remove(id) } as unknown as Containers,
    pause: { ensure: async () => {}, reference: 'pause' } as unknown as PauseImage,
    owner: { clusterId: 'c', nodeName: 'n' },
    clock: new VirtualClock(),
  })

it('looks again after Docker did not answer the first time', async () => {
  let isAway = true
  const json = async () => {
    if (isAway) throw new RuntimeFailure('unavailable', 'cannot reach Docker')
    return []
  }
  const paths = hostPaths({ json, stream: async () => answer() })
  await expect(paths.inspect('/srv')).rejects.toThrow('cannot reach Docker')
  isAway = false
  expect(await paths.inspect('/srv')).toEqual({ path: '/srv', type: 'Directory' })
})

it('clears away what an earlier agent left, and nothing that this one is making', async () => {
  const now = new VirtualClock().now() / 1000
  const probes = [
    { Id: 'left', Created: now - 60 },
    { Id: 'ours', Created: now },
  ]
  const removed: string[] = []
  const paths = hostPaths({ json: async () => probes, stream: async () => answer() }, (id) => removed.push(id))
  await paths.inspect('/srv')
  expect(removed).toEqual(['left', 'probe'])
})

it('looks at one path at a time, as every look mounts the machine once more', async () => {
  let looks = 0
  let most = 0
  const paths = hostPaths({
    json: async () => [],
    async stream() {
      looks++
      most = Math.max(most, looks)
      await new Promise(setImmediate)
      looks--
      return answer()
    },
  })
  const asked = ['/srv/a', '/srv/b', '/var/c'].map((path) => paths.inspect(path))
  expect((await Promise.all(asked)).map(({ type }) => type)).toEqual(['Directory', 'Directory', 'Directory'])
  expect(most).toBe(1)
})

it('mounts the root of the machine once, to see what its top directory is', async () => {
  const mounted: (string | undefined)[] = []
  const create = async (...[, body]: [name?: undefined, body?: { HostConfig: { Mounts: { Source: string }[] } }]) => {
    mounted.push(body?.HostConfig.Mounts.map(({ Source }) => Source).join())
    return 'probe'
  }
  const paths = hostPaths({ json: async () => [], stream: async () => answer() }, () => {}, create)
  await paths.inspect('/srv/a/b')
  await paths.inspect('/srv/c')
  expect(mounted).toEqual(['/', '/srv', '/srv'])
})
