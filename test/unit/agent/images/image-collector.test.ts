import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_IMAGE_COLLECTION, ImageCollector } from '../../../../agent/images/image-collector.ts'
import { ImagePuller } from '../../../../agent/images/image-puller.ts'
import { PulledImages } from '../../../../agent/images/pulled-images.ts'
import { RuntimeFailure } from '../../../../agent/runtime/runtime.ts'
import { silentLogger } from '../../../../shared/log.ts'
import type { EventReport } from '../../../../shared/protocol/frames.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const MB = 1_000_000

describe('image collection', () => {
  let folder: string
  let clock: VirtualClock
  let runtime: FakeRuntime
  let pulled: PulledImages
  let used: number
  let told: EventReport[]
  let collector: ImageCollector

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubette-images-'))
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    used = 50
    told = []
    pulled = record()
    collector = collectorOf(pulled)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const record = () =>
    new PulledImages({ path: join(folder, 'pulled.json'), random: seededRandom(1), log: silentLogger })
  const collectorOf = (images: PulledImages) =>
    new ImageCollector({
      ...{ runtime, pulled: images, clock, limits: DEFAULT_IMAGE_COLLECTION, log: silentLogger },
      disk: () => ({ capacity: 100 * MB, available: (100 - used) * MB }),
      event: (event) => told.push(event),
    })
  const pull = async (image: string, policy = 'IfNotPresent') => {
    const puller = new ImagePuller({ runtime, clock, pulled })
    const request = { image, policy, credentials: [], event: () => undefined }
    await puller.ensure(request, new AbortController().signal)
    await clock.advance(200_000)
  }
  const images = () => [...runtime.images.keys()]

  it('removes nothing while there is room', async () => {
    await pull('app:1')
    await collector.collect()
    expect(images()).toEqual(['app:1'])
  })

  it('removes what it pulled and nothing uses, the longest unused first, until there is room', async () => {
    for (const image of ['a:1', 'b:1', 'c:1']) await pull(image)
    await pull('a:1')
    used = 86
    const freed = collector.free(2 * MB)
    expect(await freed).toBe(2 * MB)
    expect(images()).toEqual(['a:1'])
  })

  it('never touches what was there before, nor what was put under that name since', async () => {
    runtime.addImage('users:1')
    await pull('users:1', 'Always')
    await pull('app:1')
    runtime.images.set('app:1', { ...runtime.addImage('other:1'), references: ['app:1'] })
    await collector.free()
    expect(images()).toEqual(['users:1', 'app:1', 'other:1'])
  })

  it('leaves an image that was pulled just now, and one that is in use', async () => {
    const puller = new ImagePuller({ runtime, clock, pulled })
    const request = { image: 'new:1', policy: 'Always', credentials: [], event: () => undefined }
    await puller.ensure(request, new AbortController().signal)
    expect(await collector.free()).toBe(0)
    await clock.advance(121_000)
    const pod = { uid: 'u', namespace: 'default', name: 'p' }
    const { id: sandboxId } = await runtime.runSandbox({
      pod,
      hostname: 'p',
      hosts: [],
      ports: [],
      hostNetwork: false,
      volumes: [],
    })
    const { id: imageId = '' } = runtime.images.get('new:1') ?? {}
    const rest = {
      env: [],
      resources: {},
      oomScoreAdj: 0,
      tty: false,
      stdin: false,
      stdinOnce: false,
      mounts: [],
      annotations: {},
    }
    const container = await runtime.createContainer({
      pod,
      sandboxId,
      name: 'c',
      restartCount: 0,
      specHash: '',
      image: 'new:1',
      imageId,
      ...rest,
    })
    expect(await collector.free()).toBe(0)
    await runtime.removeContainer(container)
    expect(await collector.free()).toBe(MB)
  })

  it('tells once that too little could be freed, and what failed', async () => {
    await pull('app:1')
    used = 90
    await collector.collect()
    await collector.collect()
    expect(told).toEqual([
      {
        type: 'Warning',
        reason: 'FreeDiskSpaceFailed',
        message:
          'Failed to garbage collect required amount of images. ' +
          'Attempted to free 10000000 bytes, but only found 1000000 bytes eligible to free.',
      },
    ])
    used = 50
    await pull('b:1')
    runtime.failNext('removeImage', new RuntimeFailure('failed', 'no'))
    await collector.free()
    expect(told[1]).toMatchObject({ reason: 'ImageGCFailed', message: 'no' })
  })

  it('knows after a restart what it pulled', async () => {
    await pull('app:1')
    await pulled.written()
    const later = record()
    await later.load()
    await collectorOf(later).free()
    expect(images()).toEqual([])
  })
})
