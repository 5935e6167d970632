import { expect, it } from 'vitest'
import type { VolumeFile } from '../../agent/runtime/runtime.ts'
import type { RuntimeSuite } from './runtime-suite.ts'

/** The part of every Runtime's contract that is about volumes and paths of the machine. */
export function volumeTests({ harness, pod, sandbox, create }: RuntimeSuite): void {
  const runtime = () => harness().runtime

  it('keeps volumes as long as the Pod, whatever becomes of its sandbox', async () => {
    const volumes = [{ name: 'cache', medium: 'disk' as const }]
    const { id } = await sandbox({ volumes })
    await runtime().removeSandbox(id)
    expect((await runtime().list(pod().uid)).volumes).toEqual([{ pod: pod(), name: 'cache' }])
    const base = { hostname: 'suite', hosts: [], ports: [], hostNetwork: false }
    const again = await runtime().runSandbox({ pod: pod(), ...base, volumes })
    expect((await runtime().list(pod().uid)).volumes).toHaveLength(1)
    await runtime().removeSandbox(again.id)
    await runtime().removeVolumes(pod().uid)
    expect((await runtime().list(pod().uid)).volumes).toEqual([])
  })

  it('puts files into a volume, and others in their place', async () => {
    const volumes = [{ name: 'conf', medium: 'files' as const }]
    const { id: sandboxId } = await sandbox({ volumes })
    const file = (path: string, text: string) => ({ path, mode: 0o644, content: Buffer.from(text) })
    const write = (...files: VolumeFile[]) => runtime().writeVolume(sandboxId, 'conf', files)
    expect(await write(file('a', 'one'), file('deep/er/b', 'two'))).toBe(true)
    const mounts = [{ volume: 'conf', mountPath: '/volume', readOnly: true }]
    const id = await create(sandboxId, { does: 'run' }, { mounts })
    await runtime().startContainer(id)
    const read = (path: string) => harness().read(id, 'conf', path)
    expect([await read('a'), await read('deep/er/b'), await read('c')]).toEqual(['one', 'two', undefined])
    expect(await write(file('a', 'one'), file('deep/er/b', 'two'))).toBe(false)
    expect(await write(file('a', 'changed'), file('c', 'new'))).toBe(true)
    expect([await read('a'), await read('deep/er/b'), await read('c')]).toEqual(['changed', undefined, 'new'])
    expect(await write()).toBe(true)
    expect([await read('a'), await read('c')]).toEqual([undefined, undefined])
    await runtime().removeSandbox(sandboxId)
    await expect(write(file('a', 'x'))).rejects.toMatchObject({ name: 'RuntimeFailure' })
  })

  it('keeps the data of a claim when its Pod goes, and removes it when told', async () => {
    const id = `kubette_suite-${process.pid}`
    const volumes = [{ name: 'data', medium: 'claim' as const, id }]
    const { id: sandboxId } = await sandbox({ volumes })
    expect((await runtime().list(pod().uid)).volumes).toEqual([])
    await expect(runtime().removeClaimVolume(id)).rejects.toMatchObject({ code: 'conflict' })
    await runtime().removeSandbox(sandboxId)
    await runtime().removeVolumes(pod().uid)
    await runtime().removeClaimVolume(id)
    await runtime().removeClaimVolume(id)
  })

  it('tells what is at a path of the machine, and makes what is missing', async () => {
    const directory = harness().emptyHostDirectory
    expect(await runtime().hostPath(directory)).toEqual({ path: directory, type: 'Directory' })
    const [deep, file] = [`${directory}/a/b`, `${directory}/file`]
    expect(await runtime().hostPath(deep)).toEqual({ path: deep, type: 'missing' })
    await runtime().createHostPath(deep, 'Directory')
    await runtime().createHostPath(file, 'File')
    expect((await runtime().hostPath(deep)).type).toBe('Directory')
    expect((await runtime().hostPath(file)).type).toBe('File')
    expect((await runtime().ownPaths()).length).toBeGreaterThan(0)
  })

  it('refuses to mount a volume that the sandbox does not have', async () => {
    const { id } = await sandbox()
    const mounts = [{ volume: 'none', mountPath: '/x', readOnly: false }]
    await expect(create(id, { does: 'run' }, { mounts })).rejects.toMatchObject({ code: 'mount' })
  })
}
