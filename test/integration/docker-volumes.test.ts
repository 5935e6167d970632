import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import type { PodIdentity, SandboxSpec, VolumeMount, VolumeSpec } from '../../agent/runtime/runtime.ts'
import { sleep, systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { loadTestImage } from '../support/test-image.ts'
import { joinTestNetwork } from '../support/test-pod-network.ts'

const clock = systemClock()
const clusterId = `${process.pid}-volumes`
const IMAGE = `kubette-test/volumes:${process.pid}`
const CLAIM = `kubette_test-${process.pid}`
const own = mkdtempSync(join(tmpdir(), 'kubette-own-'))
const runtime = createDockerRuntime({ clusterId, nodeName: 'node-1', clock, log: silentLogger, ownFiles: [own] })
await joinTestNetwork(runtime, `v${process.pid}`)

describe('volumes in Docker', () => {
  let imageId = ''
  let pods = 0
  const host = mkdtempSync(join(tmpdir(), 'kubette-volumes-'))

  beforeAll(async () => {
    await loadTestImage({ reference: IMAGE, clusterId })
    imageId = (await runtime.inspectImage(IMAGE))?.id ?? ''
  })
  afterAll(async () => {
    await removeEverything({ clusterId, clock, log: silentLogger })
    for (const directory of [host, own]) rmSync(directory, { recursive: true, force: true })
  })

  /** A Pod with these volumes: `print` runs a script in it, as a user other than root where told. */
  async function aPod(volumes: VolumeSpec[], addCapabilities: string[] = []) {
    const uid = `${process.pid}${++pods}`.padStart(8, '0')
    const pod: PodIdentity = { uid, namespace: 'default', name: `v${pods}` }
    const base: SandboxSpec = { pod, hostname: 'v', hosts: [], ports: [], hostNetwork: false, volumes }
    const { id: sandboxId } = await runtime.runSandbox(base)
    let restartCount = 0
    const create = (script: string, mounts: VolumeMount[], user?: string, groups: number[] = []) =>
      runtime.createContainer({
        terminationMessage: { path: '/dev/termination-log', file: 0 },
        ...{ pod, sandboxId, name: 'web', restartCount: restartCount++, specHash: 'h', image: IMAGE, imageId },
        ...{
          env: [],
          resources: {},
          oomScoreAdj: 0,
          tty: false,
          stdin: false,
          stdinOnce: false,
          mounts,
          annotations: {},
        },
        command: ['sh', '-c', script],
        securityContext: { ...(user ? { user } : {}), supplementalGroups: groups, addCapabilities },
      })
    const print = async (...how: Parameters<typeof create>) => {
      const id = await create(...how)
      await runtime.startContainer(id)
      await exited(pod.uid, id)
      return text(await runtime.logs(id, { follow: false, timestamps: false }, new AbortController().signal))
    }
    const remove = async () => {
      for (const { id } of (await runtime.list(pod.uid)).containers) await runtime.removeContainer(id)
      await runtime.removeSandbox(sandboxId)
      await runtime.removeVolumes(pod.uid)
    }
    return { pod, sandboxId, create, print, remove }
  }
  const exited = async (podUid: string, id: string) => {
    for (let tries = 0; tries < 200; tries++) {
      const found = (await runtime.list(podUid)).containers.find((container) => container.id === id)
      if (found?.state.phase === 'exited') return
      await sleep(clock, 50)
    }
    throw new Error('it did not exit')
  }
  const at = (volume: string, more: Partial<VolumeMount> = {}): VolumeMount => {
    return { volume, mountPath: `/${volume}`, readOnly: false, ...more }
  }

  it('keeps files of the API in memory, with modes and group, and parts of them as they were', async () => {
    const { pod, sandboxId, create, print, remove } = await aPod([{ name: 'conf', medium: 'files', group: 2000 }])
    const write = (content: string) =>
      runtime.writeVolume(sandboxId, 'conf', [
        { path: 'key', mode: 0o440, content: Buffer.from(content), group: 2000 },
        { path: 'sub/key', mode: 0o644, content: Buffer.from(content), group: 2000 },
      ])
    await write('one')
    const facts = 'grep " /conf " /proc/mounts; stat -Lc "%a %u:%g" /conf/key; ls -A /conf; cat /conf/sub/key'
    const printed = await print(facts, [at('conf', { readOnly: true })], '1000:1000', [2000])
    expect(printed).toMatch(/^tmpfs \/conf tmpfs ro/)
    expect(printed).toContain('440 0:2000\n')
    expect(printed).toMatch(/\nkey\nsub\none$/)
    const part = at('conf', { mountPath: '/part', subPath: 'key', readOnly: true })
    const script = 'until grep -q three /conf/key; do sleep 0.1; done; echo bye > /dev/termination-log'
    const id = await create(script, [part, at('conf', { readOnly: true })])
    await runtime.startContainer(id)
    await write('two')
    expect((await runtime.exec(id, ['cat', '/part', '/conf/key', '/conf/sub/key'], 10_000)).output).toBe('onetwotwo')
    await write('three')
    await exited(pod.uid, id)
    // What the container's part of the volume was mounted from is gone by now.
    expect(await runtime.terminationMessage(id, new AbortController().signal)).toBe('bye\n')
    await remove()
  })

  it('mounts part of a volume, makes it where it is missing, and lets no link lead out of it', async () => {
    const { create, print, remove } = await aPod([{ name: 'data', medium: 'disk' }])
    const script = 'echo hello > /data/file; ln -s / /data/root; ln -s /etc/passwd /data/passwd; ln -s deep /data/in'
    await print(`${script}; ln -s /volumes/data/deep /data/absolute`, [at('data')])
    const part = (subPath: string, mountPath: string) => at('data', { subPath, mountPath, group: 2000 })
    const mounts = [part('deep/er', '/deeper'), part('file', '/file'), part('in/er', '/inside')]
    expect(await print('echo x > /deeper/x; cat /file /inside/x; stat -c "%a %g" /deeper', mounts, '7:7')).toBe(
      'hello\nx\n2777 2000\n',
    )
    for (const subPath of ['root', 'root/etc', 'passwd', 'file/in']) {
      await expect(create('true', [part(subPath, '/x')])).rejects.toMatchObject({
        code: 'mount',
        message: 'failed to prepare subPath for volumeMount "data" of container "web"',
      })
    }
    await remove()
  })

  it('says which part of a volume it could not make', async () => {
    const { create, remove } = await aPod([{ name: 'kernel', medium: 'host', path: '/proc/sys' }])
    await expect(create('true', [at('kernel', { subPath: 'new' })])).rejects.toMatchObject({
      code: 'mount',
      message: 'failed to create subPath directory for volumeMount "kernel" of container "web"',
    })
    await remove()
  })

  it('lets who may write to a claim’s data, and leaves its modes to the Pods afterwards', async () => {
    const claim = { name: 'data', medium: 'claim' as const, id: CLAIM, group: 3000 }
    const first = await aPod([claim])
    expect(await first.print('stat -c "%a %u:%g" /data; echo kept > /data/x; chmod 700 /data', [at('data')])).toBe(
      '2777 0:3000\n',
    )
    await first.remove()
    const second = await aPod([claim])
    expect(await second.print('cat /data/x; stat -c %a /data', [at('data')])).toMatch(/^kept\n/)
    await second.remove()
    await runtime.removeClaimVolume(CLAIM)
  })

  it('gives what a claim has already to the group, always or where its root is another’s', async () => {
    const claim = { name: 'data', medium: 'claim' as const, id: `${CLAIM}-owned` }
    const facts = 'cd /data; stat -c "%a %u:%g" . deep/file'
    const first = await aPod([claim])
    await first.print('cd /data; mkdir -m 700 deep; echo x > deep/file; chmod 400 deep/file', [at('data')])
    await first.remove()
    const path = mkdtempSync(join(host, 'local-'))
    const local = { name: 'local', medium: 'host' as const, path }
    const mine = await aPod([claim, local].map((volume) => ({ ...volume, group: 3000, existing: 'always' as const })))
    expect(
      await mine.print(`${facts}; chown 7:8 deep/file; stat -c "%a %u:%g" /local`, [at('data'), at('local')]),
    ).toBe('2777 0:3000\n660 0:3000\n2770 0:3000\n')
    await mine.remove()
    const still = await aPod([{ ...claim, group: 3000, existing: 'rootMismatch' }])
    expect(await still.print(facts, [at('data')])).toMatch(/ 7:8\n$/)
    await still.remove()
    const yours = await aPod([{ ...claim, group: 4000, existing: 'rootMismatch' }])
    expect(await yours.print(`echo y >> /data/deep/file; ${facts}`, [at('data')], '9:9', [4000])).toBe(
      '2777 0:4000\n660 7:4000\n',
    )
    expect(await runtime.list()).toMatchObject({ sandboxes: [{}], containers: [{}] })
    await yours.remove()
    await runtime.removeClaimVolume(claim.id)
  })

  it('shows where a path of the machine leads, and mounts what is there', async () => {
    const real = join(host, 'real')
    mkdirSync(join(real, 'inner'), { recursive: true })
    symlinkSync('real', join(host, 'relative'))
    symlinkSync('/var/run/docker.sock', join(host, 'trick'))
    symlinkSync(join(host, 'relative'), join(host, 'absolute'))
    expect(await runtime.hostPath(join(host, 'absolute', 'inner'))).toEqual({
      path: join(real, 'inner'),
      type: 'Directory',
    })
    const trick = await runtime.hostPath(join(host, 'trick'))
    const protectedPaths = await runtime.ownPaths()
    expect(trick.type).toBe('Socket')
    expect(protectedPaths).toContain(trick.path)
    expect(protectedPaths).toContain(own)
    expect((await runtime.hostPath('/dev/null')).type).toBe('CharDevice')
    expect((await runtime.hostPath('/')).type).toBe('Directory')
    const { print, remove } = await aPod([{ name: 'host', medium: 'host', path: real }])
    expect(
      await print('ls /host; touch /host/made', [at('host'), at('host', { mountPath: '/x', subPath: 'inner' })]),
    ).toBe('inner\n')
    expect((await runtime.hostPath(join(real, 'made'))).type).toBe('File')
    await remove()
  })

  it('lets mounts of the machine into containers, and theirs out, only where that is asked for and can be', async () => {
    const path = join(host, 'mounts')
    const mount = (...args: string[]) => execFileSync('mount', args)
    mkdirSync(path)
    mount('-t', 'tmpfs', 'test', path)
    // A container may mount what it is not privileged for with this one.
    const pod = await aPod([{ name: 'host', medium: 'host', path }], ['SYS_ADMIN'])
    try {
      mount('--make-private', path)
      const slave = await pod.create('sleep 1000', [at('host', { propagation: 'slave' })])
      await expect(runtime.startContainer(slave)).rejects.toThrow(
        `path ${path} is mounted on ${path} but it is not a shared or slave mount`,
      )
      mount('--make-shared', path)
      await runtime.startContainer(slave)
      const alone = await pod.create('sleep 1000', [at('host')])
      await runtime.startContainer(alone)
      const made = 'mkdir /host/made && busybox mount -t tmpfs test /host/made && touch /host/made/file'
      expect(await pod.print(made, [at('host', { propagation: 'shared' })])).toBe('')
      const list = async (id: string) => (await runtime.exec(id, ['ls', '/host/made'], 10_000)).output
      expect(await list(slave)).toBe('file\n')
      expect(await list(alone)).toBe('')
      expect((await runtime.hostPath(join(path, 'made', 'file'))).type).toBe('File')
    } finally {
      await pod.remove()
      execFileSync('umount', ['--recursive', path])
    }
  })
})
