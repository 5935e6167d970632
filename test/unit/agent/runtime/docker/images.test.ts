import { describe, expect, it } from 'vitest'
import type { DockerApi, DockerCall } from '../../../../../agent/runtime/docker/docker-api.ts'
import { Images } from '../../../../../agent/runtime/docker/images.ts'
import { RuntimeFailure } from '../../../../../agent/runtime/runtime.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const ID = `sha256:${'1'.repeat(64)}`
const BY_DIGEST = `host:5000/app@${ID}`

/**
 * A Docker whose images containerd keeps, with one that has these names: a name by digest is one of its tags, and takes
 * those of its repository along.
 */
function dockerWith(...names: string[]) {
  const left = new Set(names)
  const json = async ({ method, path }: DockerCall) => {
    const asked = path.replace(/^\/images\/(.*?)(\/json)?$/, '$1')
    if (asked === 'json') return left.size > 0 ? [inspect()] : []
    const isThere = left.has(asked) || (asked === ID && left.size > 0)
    if (!isThere) throw new RuntimeFailure('notFound', `No such image: ${asked}`)
    if (method === 'GET') return inspect()
    const isAlong = (name: string) => asked === ID || (asked.includes('@') && name.startsWith('host:5000/app'))
    for (const name of left) if (name === asked || isAlong(name)) left.delete(name)
    return []
  }
  const inspect = () => ({ Id: ID, RepoTags: [...left], RepoDigests: [BY_DIGEST], Size: 5, Architecture: 'amd64' })
  return { left, images: new Images({ json } as unknown as DockerApi, new VirtualClock()) }
}

describe('Images', () => {
  it('tells a digest once, also where Docker has it among the tags', async () => {
    const { images } = dockerWith('host:5000/app:1', BY_DIGEST)
    const expected = { references: ['host:5000/app:1'], digests: [BY_DIGEST] }
    expect(await images.inspect(BY_DIGEST)).toMatchObject(expected)
    expect(await images.list()).toMatchObject([expected])
  })

  it('removes what was pulled by its digest', async () => {
    const { left, images } = dockerWith(BY_DIGEST)
    expect(await images.remove(BY_DIGEST, ID)).toBe('removed')
    expect([...left]).toEqual([])
  })

  it('leaves what was pulled by its digest and got a name since', async () => {
    const { left, images } = dockerWith(BY_DIGEST, 'host:5000/app:mine')
    expect(await images.remove(BY_DIGEST, ID)).toBe('other')
    expect([...left]).toEqual([BY_DIGEST, 'host:5000/app:mine'])
  })

  it('takes back only the name by which it was pulled', async () => {
    const { left, images } = dockerWith('host:5000/app:1', 'mine:1')
    expect(await images.remove('host:5000/app:1', ID)).toBe('other')
    expect([...left]).toEqual(['mine:1'])
  })
})
