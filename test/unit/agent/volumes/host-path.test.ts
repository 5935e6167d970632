import { beforeEach, describe, expect, it } from 'vitest'
import type { HostPath } from '../../../../agent/runtime/runtime.ts'
import { hostPath } from '../../../../agent/volumes/host-path.ts'
import { HostPathGuard } from '../../../../agent/volumes/host-path-guard.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('hostPath', () => {
  let runtime: FakeRuntime

  beforeEach(() => {
    runtime = new FakeRuntime({ clock: new VirtualClock() })
    const has = (path: string, type: HostPath['type'], leadsTo = path) =>
      runtime.hostPaths.set(path, { path: leadsTo, type })
    has('/srv', 'Directory')
    has('/srv/file', 'File')
    has('/srv/socket', 'Socket')
    has('/srv/link', 'Directory', '/mnt/real')
    has('/srv/trick', 'Socket', '/run/fake.sock')
    has('/', 'Directory')
    has('/run', 'Directory')
  })

  const ask = (path: string, type = '', allowedPaths: string[] = []) => {
    const guard = new HostPathGuard({
      protectedPaths: () => runtime.ownPaths(),
      allowedPaths: async () => allowedPaths,
    })
    return hostPath(path, type, { runtime, guard })
  }

  it.each([
    ['/srv', 'Directory'],
    ['/srv', 'DirectoryOrCreate'],
    ['/srv/file', 'File'],
    ['/srv/file', 'FileOrCreate'],
    ['/srv/socket', 'Socket'],
    ['/srv/socket', ''],
  ])('takes %s as %j', async (path, type) => {
    expect(await ask(path, type)).toBe(path)
    expect(runtime.calls.filter((call) => call.startsWith('create'))).toEqual([])
  })

  it('is where links lead to', async () => {
    expect(await ask('/srv/link', 'Directory')).toBe('/mnt/real')
  })

  it.each([
    ['/srv/new', '', 'Directory'],
    ['/srv/a/b', 'DirectoryOrCreate', 'Directory'],
    ['/srv/new', 'FileOrCreate', 'File'],
  ])('makes %s for %j', async (path, type, made) => {
    expect(await ask(path, type)).toBe(path)
    expect(runtime.hostPaths.get(path)?.type).toBe(made)
  })

  it.each([
    ['/srv/file', 'Directory', "hostPath type check failed: /srv/file is not a directory, it's a File"],
    ['/srv', 'FileOrCreate', "hostPath type check failed: /srv is not a file, it's a Directory"],
    ['/srv/file', 'Socket', "hostPath type check failed: /srv/file is not a socket file, it's a File"],
    ['/srv', 'CharDevice', "hostPath type check failed: /srv is not a character device, it's a Directory"],
    ['/srv/none', 'Directory', "hostPath type check failed: /srv/none is not a directory, it doesn't exist"],
    ['/none/file', 'FileOrCreate', 'open /none/file: no such file or directory'],
  ])('refuses %s as %j', async (path, type, message) => {
    await expect(ask(path, type)).rejects.toThrow(message)
  })

  it.each(['/run/fake.sock', '/srv/trick', '/run', '/', '/var/lib/fake/volumes/x', '/var/lib'])(
    'gives nobody %s',
    async (path) => {
      await expect(ask(path)).rejects.toThrow(/^hostPath .* would give the Pod .*--allow-host-path/)
      expect(runtime.calls.filter((call) => call.startsWith('create'))).toEqual([])
    },
  )

  it('gives what the agent was told to allow, and what is below', async () => {
    expect(await ask('/srv/trick', '', ['/run/fake.sock'])).toBe('/run/fake.sock')
    expect(await ask('/run', '', ['/'])).toBe('/run')
    await expect(ask('/srv/trick', '', ['/srv'])).rejects.toThrow(
      /\/srv\/trick would .*--allow-host-path \/run\/fake.sock$/,
    )
    await expect(ask('/run', '', ['/run/fake.sock'])).rejects.toThrow('would give the Pod')
    await expect(ask('/var/lib/fake2', '', [])).resolves.toBe('/var/lib/fake2')
  })
})
