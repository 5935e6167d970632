import { expect, it } from 'vitest'
import type { RuntimeSuite } from './runtime-suite.ts'

/** The part of every Runtime's contract that is about what containers use and may use. */
export function resourceTests({ harness, pod, sandbox, create, start, get, exited }: RuntimeSuite): void {
  it('tells what running containers use', async () => {
    const idle = await start({ does: 'run' })
    const { id: sandboxId } = (await harness().runtime.list(pod().uid)).sandboxes[0] ?? { id: '' }
    const busy = await create(sandboxId, { does: 'spin' }, { name: 'busy' })
    await harness().runtime.startContainer(busy)
    const ids = [idle, busy, 'nothing']
    const before = await harness().runtime.usage(ids)
    expect([...before.keys()].sort()).toEqual([idle, busy].sort())
    expect(before.get(idle)?.workingSetBytes).toBeGreaterThan(0)
    expect(before.get(idle)?.processes).toBeGreaterThan(0)
    await harness().eventually(async () => {
      const now = (await harness().runtime.usage([busy])).get(busy)
      return (now?.cpuNanoseconds ?? 0) > (before.get(busy)?.cpuNanoseconds ?? 0) + 50_000_000
    })
    await harness().runtime.killContainer(idle)
    await exited(idle)
    expect(await harness().runtime.usage([idle])).toEqual(new Map())
  })

  it('tells what runs beside its own containers, and what that holds', async () => {
    const { runtime, runOther } = harness()
    const own = await start({ does: 'run' })
    const limited = await runOther({ isPods: false, isLimited: true })
    const free = await runOther({ isPods: true, isLimited: false })
    const others = new Map((await runtime.otherContainers()).map((other) => [other.id, other]))
    expect(others.has(own)).toBe(false)
    const holding = { cpuMilli: 500, memoryBytes: 64 * 2 ** 20, isMeasured: false }
    expect(others.get(limited)).toEqual({ id: limited, isPods: false, ...holding })
    expect(others.get(free)).toMatchObject({ isPods: true, cpuMilli: 0, isMeasured: true })
    expect(others.get(free)?.memoryBytes).toBeGreaterThan(0)
    expect((await runtime.version()).runningContainers).toBeGreaterThanOrEqual(3)
    expect((await runtime.list()).containers.map(({ id }) => id)).toEqual([own])
  })

  it('gives a running container other resources, and tells of it', async () => {
    const MIB = 2 ** 20
    const stop = new AbortController()
    let told = 0
    const listening = (async () => {
      for await (const { podUid } of harness().runtime.events(stop.signal)) if (podUid === pod().uid) told++
    })()
    const before = { cpuShares: 512, cpuLimitMilli: 500, memoryLimitBytes: 64 * MIB }
    const id = await start({ does: 'run' }, { resources: before })
    expect((await get(id))?.resources).toEqual(before)
    const after = { cpuShares: 128, cpuLimitMilli: 250, memoryLimitBytes: 96 * MIB }
    await harness().eventually(() => told > 0)
    const toldBefore = told
    await harness().runtime.updateContainer(id, after)
    expect((await get(id))?.resources).toEqual(after)
    await harness().eventually(() => told > toldBefore)
    stop.abort()
    await listening
    await harness().runtime.updateContainer(id, before)
    expect((await get(id))?.resources).toEqual(before)
    await expect(harness().runtime.updateContainer('nothing', after)).rejects.toMatchObject({ code: 'notFound' })
  })

  it('tells what a Pod occupies of the disk', async () => {
    const { id: sandboxId } = await sandbox({ volumes: [{ name: 'v', medium: 'disk' as const }] })
    const mounts = [{ volume: 'v', mountPath: '/v', readOnly: false }]
    const id = await create(sandboxId, { does: 'write', path: '/v/file', kibibytes: 64 }, { mounts })
    const own = await create(sandboxId, { does: 'write', path: '/tmp/file', kibibytes: 32 }, { name: 'own' })
    for (const each of [id, own]) await harness().runtime.startContainer(each)
    await harness().eventually(async () => {
      const { containers, volumes } = await harness().runtime.diskUsage(pod().uid)
      const [inVolume = 0, beside = 0, none = 0] = [volumes.get('v'), containers.get(own), containers.get(id)]
      return inVolume >= 65_536 && inVolume < 131_072 && beside >= 32_768 && beside < 65_536 && none < 32_768
    })
    expect((await harness().runtime.diskUsage('nobody')).volumes).toEqual(new Map())
  })

  it('removes no image that is in use, or that is another by now', async () => {
    const { reference, id } = harness().image
    await start({ does: 'run' })
    expect(await harness().runtime.removeImage(reference, id)).toBe('inUse')
    expect(await harness().runtime.removeImage(reference, `sha256:${'0'.repeat(64)}`)).toBe('other')
    expect(await harness().runtime.removeImage('kubette-test/none:1', `sha256:${'0'.repeat(64)}`)).toBe('other')
    expect(await harness().runtime.inspectImage(reference)).toMatchObject({ id })
  })
}
