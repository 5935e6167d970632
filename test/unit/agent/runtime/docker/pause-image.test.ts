import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { extract } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { pauseArchive } from '../../../../../agent/runtime/docker/pause-image.ts'

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
      Volumes: { '/messages': {} },
      Labels: { 'kubette.dev/cluster': 'c1', 'kubette.dev/kind': 'image' },
    })
  })
})
