import { describe, expect, it } from 'vitest'
import type { Containers } from '../../../../../agent/runtime/docker/containers.ts'
import type { Networks } from '../../../../../agent/runtime/docker/networks.ts'
import { OomProtection } from '../../../../../agent/runtime/docker/oom-protection.ts'
import type { PauseImage } from '../../../../../agent/runtime/docker/pause-image.ts'
import { Sandboxes, type SandboxesOptions } from '../../../../../agent/runtime/docker/sandboxes.ts'
import { RuntimeFailure, type SandboxSpec } from '../../../../../agent/runtime/runtime.ts'
import { silentLogger } from '../../../../../shared/log.ts'

interface Config {
  HostConfig: { OomScoreAdj: number }
}

/** A Docker that cannot protect processes from the OOM killer, unless it `mayProtect`. Notes each start. */
function sandboxes({ mayProtect }: { mayProtect: boolean }) {
  const starts: number[] = []
  const configs = new Map<string, Config>()
  const containers = {
    async createNamed(name: string, config: Config) {
      configs.set(name, config)
      return name
    },
    async start(id: string) {
      const { OomScoreAdj } = (configs.get(id) as Config).HostConfig
      starts.push(OomScoreAdj)
      await Promise.resolve()
      if (OomScoreAdj < 0 && !mayProtect) throw new RuntimeFailure('failed', 'write oom_score_adj: permission denied')
    },
    inspect: async (id: string) => ({
      Id: id,
      Created: '',
      Config: { Labels: {} },
      State: { Running: true },
      NetworkSettings: { Networks: {} },
    }),
    remove: async () => {},
  }
  const options = {
    containers: containers as unknown as Containers,
    volumes: { createMissing: async () => [], open: async () => {}, discardClaims: async () => {} },
    ownership: {},
    files: { remember: () => undefined },
    owner: { clusterId: 'c', nodeName: 'n' },
    networks: { join: async () => ({ mode: 'net', config: {} }) } as unknown as Networks,
    pause: { ensure: async () => {}, reference: 'pause' } as unknown as PauseImage,
    oom: new OomProtection(),
    noswap: { isPossible: async () => true },
    log: silentLogger,
  } as unknown as SandboxesOptions
  return { starts, sandboxes: new Sandboxes(options) }
}

const spec = (name: string): SandboxSpec => ({
  pod: { namespace: 'default', name, uid: name },
  hostname: name,
  hosts: [],
  ports: [],
  hostNetwork: false,
  volumes: [],
})

describe('Sandboxes', () => {
  it.each([
    { mayProtect: true, expected: [-998, -998, -998, -998] },
    { mayProtect: false, expected: [-998, 0, 0, 0, 0] },
  ])('try out with one of many whether they can be protected (%o)', async ({ mayProtect, expected }) => {
    const { starts, sandboxes: some } = sandboxes({ mayProtect })
    await Promise.all(['a', 'b', 'c'].map((name) => some.run(spec(name))))
    await some.run(spec('d'))
    expect(starts).toEqual(expected)
  })
})
