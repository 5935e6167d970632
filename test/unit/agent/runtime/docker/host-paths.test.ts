import { expect, it } from 'vitest'
import type { Containers } from '../../../../../agent/runtime/docker/containers.ts'
import type { DockerApi } from '../../../../../agent/runtime/docker/docker-api.ts'
import { HostPaths } from '../../../../../agent/runtime/docker/host-paths.ts'
import type { PauseImage } from '../../../../../agent/runtime/docker/pause-image.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const GO_DIRECTORY = 2 ** 31 + 0o755

it('looks at one path at a time, as every look mounts the machine once more', async () => {
  let looks = 0
  let most = 0
  const stat = Buffer.from(JSON.stringify({ mode: GO_DIRECTORY, linkTarget: '' })).toString('base64')
  const docker = {
    json: async () => [],
    async stream() {
      looks++
      most = Math.max(most, looks)
      await new Promise(setImmediate)
      looks--
      return { headers: { 'x-docker-container-path-stat': stat }, resume: () => {} }
    },
  }
  const paths = new HostPaths({
    docker: docker as unknown as DockerApi,
    containers: { createNamed: async () => 'probe', remove: async () => {} } as unknown as Containers,
    pause: { ensure: async () => {}, reference: 'pause' } as unknown as PauseImage,
    owner: { clusterId: 'c', nodeName: 'n' },
    clock: new VirtualClock(),
  })
  const asked = ['/srv/a', '/srv/b', '/var/c'].map((path) => paths.inspect(path))
  expect((await Promise.all(asked)).map(({ type }) => type)).toEqual(['Directory', 'Directory', 'Directory'])
  expect(most).toBe(1)
})
