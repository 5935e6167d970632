import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { extract } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { pauseArchive } from '../../../../../agent/runtime/docker/pause-image.ts'
import { pauseProgram } from '../../../../../agent/runtime/docker/pause-program.ts'

describe('the pause program', () => {
  it.each([
    ['amd64', 62, 248],
    ['arm64', 183, 240],
  ] as const)('is an executable for %s', (architecture, machine, size) => {
    const program = pauseProgram(architecture)
    expect(program.subarray(0, 4).toString('latin1')).toBe('\x7fELF')
    expect(program.readUInt16LE(18)).toBe(machine)
    expect(program.length).toBe(size)
    const entry = program.readBigUInt64LE(24)
    const loadedAt = program.readBigUInt64LE(64 + 16)
    expect(entry - loadedAt).toBe(120n)
    expect(program.readBigUInt64LE(64 + 32)).toBe(BigInt(size))
  })

  it('asks arm64’s kernel for the four things in order', () => {
    const code = pauseProgram('arm64').subarray(120, 200)
    const words = Array.from({ length: 20 }, (_, i) => code.readUInt32LE(i * 4))
    const intoX8 = words.filter((word) => (word & 0xffe0001f) >>> 0 === 0xd2800008).map((word) => (word >> 5) & 0xffff)
    expect(intoX8).toEqual([134, 135, 137, 94])
    expect(words.filter((word) => word === 0xd4000001)).toHaveLength(4)
  })
})

describe('the pause image', () => {
  it('is the same bytes each time, and carries its owner', async () => {
    const archive = await pauseArchive('kubette/pause:x', 'amd64', 'c1')
    expect(archive.equals(await pauseArchive('kubette/pause:x', 'amd64', 'c1'))).toBe(true)
    const files = new Map<string, string>()
    for await (const entry of Readable.from([archive]).pipe(extract())) files.set(entry.header.name, await text(entry))
    const [manifest] = JSON.parse(files.get('manifest.json') ?? '[]')
    expect(manifest).toMatchObject({ RepoTags: ['kubette/pause:x'], Layers: ['layer.tar'] })
    const config = JSON.parse(files.get(manifest.Config) ?? '{}')
    expect(config.architecture).toBe('amd64')
    expect(config.config).toEqual({
      Entrypoint: ['/pause'],
      Labels: { 'kubette.dev/cluster': 'c1', 'kubette.dev/kind': 'image' },
    })
  })
})
