import { beforeEach, describe, expect, it } from 'vitest'
import { type ImageOutcome, ImagePuller, type ImageRequest } from '../../../../agent/images/image-puller.ts'
import { type RegistryCredentials, RuntimeFailure } from '../../../../agent/runtime/runtime.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('ImagePuller', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let puller: ImagePuller
  let said: string[]

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock, pullMs: 1_500 })
    puller = new ImagePuller({ runtime, clock })
    said = []
  })

  const ask = (image: string, policy?: string, signal = new AbortController().signal) => {
    const request: ImageRequest = {
      image,
      policy,
      credentials: [],
      event: (_type, reason, message) => said.push(`${reason}: ${message}`),
    }
    return puller.ensure(request, signal)
  }
  const ensure = async (image: string, policy?: string): Promise<ImageOutcome> => {
    const outcome = ask(image, policy)
    await clock.advance(2_000)
    return outcome
  }
  const pulls = () => runtime.calls.filter((call) => call.startsWith('pullImage'))

  it('pulls what is not here, and says how long it took', async () => {
    expect(await ensure('app:1', 'IfNotPresent')).toMatchObject({ ok: true, image: { references: ['app:1'] } })
    expect(said).toEqual([
      'Pulling: Pulling image "app:1"',
      'Pulled: Successfully pulled image "app:1" in 1.5s (1.5s including waiting). Image size: 1000000 bytes.',
    ])
  })

  it('pulls by policy: only what is missing, always, or never', async () => {
    runtime.addImage('app:1')
    await ensure('app:1', 'IfNotPresent')
    expect(pulls()).toEqual([])
    await ensure('app:1', 'Always')
    expect(pulls()).toEqual(['pullImage app:1'])
    expect(await ensure('app:1', 'Never')).toMatchObject({ ok: true })
    expect(await ensure('other:1', 'Never')).toMatchObject({
      ok: false,
      reason: 'ErrImageNeverPull',
      message: 'Container image "other:1" is not present with pull policy of Never',
    })
    expect(pulls()).toHaveLength(1)
  })

  it('takes no tag for `latest`, which is always pulled unless told otherwise', async () => {
    runtime.addImage('app:latest')
    await ensure('app')
    expect(pulls()).toEqual(['pullImage app:latest'])
    await ensure('app:1.0')
    await ensure('app:1.0')
    expect(pulls()).toEqual(['pullImage app:latest', 'pullImage app:1.0'])
  })

  it('fails with `Always` where the registry is away, though the image is here', async () => {
    runtime.addImage('app:1')
    runtime.pullErrors.set('app:1', 'connection refused')
    expect(await ensure('app:1', 'Always')).toMatchObject({ ok: false, reason: 'ErrImagePull' })
  })

  it('refuses what is no image name', async () => {
    const message =
      'Failed to apply default image tag "Bad Name": couldn\'t parse image name "Bad Name": invalid reference format'
    expect(await ensure('Bad Name')).toMatchObject({ ok: false, reason: 'InvalidImageName', message })
    expect(said).toEqual([`InspectFailed: ${message}`])
    expect(runtime.calls).toEqual([])
  })

  it('backs off from an image that fails: 10 s, doubling to 5 minutes', async () => {
    runtime.pullErrors.set('gone:1', 'manifest unknown')
    const waits: number[] = []
    for (let round = 0; round < 7; round++) {
      expect(await ensure('gone:1')).toMatchObject({ reason: 'ErrImagePull', message: 'manifest unknown' })
      const refused = await ask('gone:1')
      if (refused.ok) throw new Error('not refused')
      expect(refused.reason).toBe('ImagePullBackOff')
      expect(refused.message).toBe('Back-off pulling image "gone:1": ErrImagePull: manifest unknown')
      // The pull ended half a second before.
      waits.push(refused.retryAtMs - clock.monotonic() + 500)
      await clock.advance(refused.retryAtMs - clock.monotonic())
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000])
    runtime.pullErrors.clear()
    expect(await ensure('gone:1')).toMatchObject({ ok: true })
  })

  it('says that the registry is away where the registry says so', async () => {
    const message = 'received unexpected HTTP status: 503 Service Unavailable'
    runtime.failNext('pullImage', new RuntimeFailure('registryUnavailable', message))
    const why = `image pull failed for app:1 because the registry is unavailable: ${message}`
    expect(await ensure('app:1')).toMatchObject({ ok: false, reason: 'RegistryUnavailable', message: why })
    const again = { reason: 'ImagePullBackOff', message: `Back-off pulling image "app:1": RegistryUnavailable: ${why}` }
    expect(await ask('app:1')).toMatchObject(again)
  })

  describe('on a machine of another architecture', () => {
    const why = 'no match for platform in manifest: image "app:1" is for linux/amd64, this node is linux/arm64'

    beforeEach(() => {
      puller = new ImagePuller({ runtime, clock, architecture: () => 'arm64' })
    })

    it('refuses the image, pulled or here already, and remembers it for a while', async () => {
      expect(await ensure('app:1')).toMatchObject({ ok: false, reason: 'ErrImagePull', message: why })
      expect(said.at(-1)).toBe(`Failed: Failed to pull image "app:1": ${why}`)
      expect(puller.unfitImages()).toEqual(['app:1'])
      const never = `Container image "app:1" is not present with pull policy of Never: ${why}`
      expect(await ensure('app:1', 'Never')).toMatchObject({ reason: 'ErrImageNeverPull', message: never })
      await clock.advance(601_000)
      expect(puller.unfitImages()).toEqual([])
    })

    it('asks the registry for one that fits where the one that is here does not', async () => {
      runtime.addImage('app:1')
      expect(await ensure('app:1', 'IfNotPresent')).toMatchObject({ ok: false })
      expect(pulls()).toEqual(['pullImage app:1'])
      puller = new ImagePuller({ runtime, clock, architecture: () => 'amd64' })
      expect(await ensure('app:1', 'IfNotPresent')).toMatchObject({ ok: true })
    })

    it('remembers one that is here and may not be pulled', async () => {
      runtime.addImage('app:1')
      expect(await ensure('app:1', 'Never')).toMatchObject({ ok: false, reason: 'ErrImageNeverPull' })
      expect(puller.unfitImages()).toEqual(['app:1'])
    })

    it('knows what the registry does not have for it', async () => {
      runtime.pullErrors.set('app:1', 'no matching manifest for linux/arm64 in the manifest list entries')
      await ensure('app:1')
      expect(puller.unfitImages()).toEqual(['app:1'])
      runtime.pullErrors.clear()
      puller = new ImagePuller({ runtime, clock, architecture: () => undefined })
      expect(await ensure('app:1')).toMatchObject({ ok: true })
    })
  })

  it('pulls an image once for all who want it at the same time', async () => {
    const outcomes = Promise.all([ask('app:1'), ask('app:1'), ask('app:1')])
    await clock.advance(2_000)
    expect((await outcomes).every(({ ok }) => ok)).toBe(true)
    expect(pulls()).toHaveLength(1)
  })

  it('backs off once where several fail together', async () => {
    runtime.pullErrors.set('gone:1', 'no')
    const outcomes = Promise.all([ask('gone:1'), ask('gone:1'), ask('gone:1')])
    await clock.advance(2_000)
    await outcomes
    await clock.advance(8_000)
    expect(await ask('gone:1')).toMatchObject({ reason: 'ImagePullBackOff' })
    await clock.advance(2_000)
    expect(await ensure('gone:1')).toMatchObject({ reason: 'ErrImagePull' })
    const again = await ask('gone:1')
    expect(!again.ok && again.retryAtMs - clock.monotonic()).toBe(19_500)
  })

  it('pulls three images at once, and the others after them', async () => {
    const outcomes = Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => ask(`${name}:1`)))
    await clock.advance(1_000)
    expect(pulls()).toHaveLength(3)
    await clock.advance(1_000)
    expect(pulls()).toHaveLength(5)
    await clock.advance(2_000)
    expect((await outcomes).every(({ ok }) => ok)).toBe(true)
  })

  it('gives a pull up when nobody waits for it any more, and not before', async () => {
    const [first, second] = [new AbortController(), new AbortController()]
    const refused = [ask('app:1', undefined, first.signal), ask('app:1', undefined, second.signal)]
    const settled = Promise.allSettled(refused)
    await clock.advance(100)
    first.abort()
    await clock.advance(100)
    expect(runtime.images.has('app:1')).toBe(false)
    second.abort()
    await clock.advance(5_000)
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(runtime.images.has('app:1')).toBe(false)
    expect(await ensure('app:1')).toMatchObject({ ok: true })
  })

  it('has nobody wait for what others were refused with their log-ins', async () => {
    runtime.pullErrors.set('app:1', 'denied')
    expect(await ensure('app:1')).toMatchObject({ reason: 'ErrImagePull' })
    runtime.pullErrors.clear()
    expect(await ask('app:1')).toMatchObject({ reason: 'ImagePullBackOff' })
    const credentials = [{ username: 'good', password: 'x', serverAddress: 'r' }]
    const request = { image: 'app:1', policy: undefined, credentials, event: () => {} }
    const outcome = puller.ensure(request, new AbortController().signal)
    await clock.advance(2_000)
    expect(await outcome).toMatchObject({ ok: true })
  })

  it('tries one log-in after the other', async () => {
    const tried: string[] = []
    const image = runtime.addImage('private:1')
    const pullImage = async (_reference: string, _signal: AbortSignal, login?: RegistryCredentials) => {
      tried.push(login?.username ?? 'nobody')
      if (login?.username !== 'good') throw new Error('denied')
      return image
    }
    puller = new ImagePuller({ runtime: { inspectImage: async () => undefined, pullImage }, clock })
    const login = (username: string) => ({ username, password: 'x', serverAddress: 'r' })
    const request = {
      image: 'private:1',
      policy: 'Always',
      credentials: [login('bad'), login('good')],
      event: () => {},
    }
    expect(await puller.ensure(request, new AbortController().signal)).toMatchObject({ ok: true })
    expect(tried).toEqual(['bad', 'good'])
  })
})
