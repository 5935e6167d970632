import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { ContainerInspect } from '../../../../../agent/runtime/docker/container-inspect.ts'
import { WritableSysfs, type WritableSysfsOptions } from '../../../../../agent/runtime/docker/writable-sysfs.ts'
import type { ContainerSpec } from '../../../../../agent/runtime/runtime.ts'

/** What its container is made of, if there is one; that one ends with `exitCode`. */
async function madeFor(sandbox: Partial<ContainerInspect['HostConfig']>, privileged: boolean, exitCode = 0) {
  const made: unknown[] = []
  const sysfs = new WritableSysfs({
    docker: { stream: async () => Readable.from([JSON.stringify({ StatusCode: exitCode })]) },
    containers: {
      inspect: async () => ({ HostConfig: sandbox }),
      createNamed: async (_name: undefined, body: object) => made.push(body),
      start: async () => {},
    },
    pause: { ensure: async () => {}, reference: 'pause' },
    owner: { clusterId: 'c', nodeName: 'n' },
  } as unknown as WritableSysfsOptions)
  await sysfs.provide({ sandboxId: 's1', securityContext: { privileged } } as ContainerSpec)
  return made
}

describe('the /sys of a privileged container', () => {
  it('is made writable in the network of a sandbox that is not privileged', async () => {
    const [body] = await madeFor({ Privileged: false, NetworkMode: 'none' }, true)
    expect(body).toMatchObject({ HostConfig: { NetworkMode: 'container:s1', Privileged: true, AutoRemove: true } })
  })

  it.each([
    ['the sandbox is privileged', { Privileged: true, NetworkMode: 'none' }, true],
    ['it is the machine’s', { Privileged: false, NetworkMode: 'host' }, true],
    ['the container is none', { Privileged: false, NetworkMode: 'none' }, false],
  ])('costs nothing where %s', async (_why, sandbox, privileged) => {
    expect(await madeFor(sandbox, privileged)).toEqual([])
  })

  it('is not left read-only without a word', async () => {
    await expect(madeFor({ NetworkMode: 'none' }, true, 1)).rejects.toThrow('cannot make /sys')
  })
})
