import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ImagePuller } from '../../agent/images/image-puller.ts'
import { DockerApi } from '../../agent/runtime/docker/docker-api.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import type { PodSpec } from '../../shared/api/generated/core-v1.ts'
import { systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { AgentNode } from '../support/agent-node.ts'
import { assignedPod, podContainer } from '../support/assigned-pod.ts'
import { ImageRegistry, REGISTRY_USER } from '../support/image-registry.ts'
import { runUid } from '../support/run-uid.ts'
import { eventually } from '../support/shell.ts'
import { joinTestNetwork } from '../support/test-pod-network.ts'

const clock = systemClock()
const clusterId = `${process.pid}-registry`
const docker = new DockerApi({}, clock)
const runtime = createDockerRuntime({ clusterId, nodeName: 'node-1', clock, log: silentLogger, pullDeadlineMs: 1_500 })
const { signal } = new AbortController()
const here = process.arch === 'x64' ? 'amd64' : process.arch
const elsewhere = here === 'amd64' ? 'arm64' : 'amd64'
const pulled = new Set<string>()

/** Pulls, and remembers what to remove afterwards. */
function pull(reference: string) {
  pulled.add(reference)
  return runtime.pullImage(reference, signal)
}

afterEach(async () => {
  for (const reference of pulled) {
    await docker.json({ method: 'DELETE', path: `/images/${reference}`, query: { force: true } }).catch(() => undefined)
  }
  pulled.clear()
})

describe('a registry of images', () => {
  let registry: ImageRegistry
  let digest: string

  beforeAll(async () => {
    registry = await ImageRegistry.start()
    digest = await registry.push('team/app:1', { clusterId, user: '1000' })
  })
  afterAll(() => registry.stop())

  it('gives an image by its tag, by its digest, and by both', async () => {
    const name = `${registry.host}/team/app`
    const byTag = await pull(`${name}:1`)
    expect(byTag).toMatchObject({ digests: [`${name}@${digest}`], architecture: here, user: '1000' })
    await docker.json({ method: 'DELETE', path: `/images/${name}:1` })
    for (const reference of [`${name}@${digest}`, `${name}:1@${digest}`]) {
      expect(await pull(reference)).toMatchObject({ id: byTag.id })
      expect(await runtime.inspectImage(reference)).toMatchObject({ id: byTag.id })
    }
    await expect(pull(`${name}@sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({ code: 'imagePull' })
  })

  it('does not have every tag', async () => {
    const missing = `${registry.host}/team/app:2`
    await expect(pull(missing)).rejects.toMatchObject({
      code: 'imagePull',
      message: expect.stringMatching(/unknown|not found/),
    })
  })

  it('may have lost a layer, which it says only in the middle of its answer', async () => {
    await registry.push('team/holey:1', { clusterId, marker: `${process.pid}` })
    for (const layer of await registry.layersOf('team/holey:1')) registry.lose(layer)
    const refused = pull(`${registry.host}/team/holey:1`)
    await expect(refused).rejects.toMatchObject({
      code: 'imagePull',
      message: expect.stringMatching(/blob|unknown|not found/),
    })
  })

  it('is given up when it freezes', async () => {
    registry.freeze()
    try {
      const refused = pull(`${registry.host}/team/app:1`)
      await expect(refused).rejects.toMatchObject({ code: 'imagePull', message: 'no progress for 1.5s' })
    } finally {
      registry.thaw()
    }
    expect(await pull(`${registry.host}/team/app:1`)).toMatchObject({ architecture: here })
  })

  it('may have an image for other machines only, which is refused pulled or present', async () => {
    const image = `${registry.host}/team/foreign:1`
    await registry.push('team/foreign:1', { clusterId, architecture: elsewhere })
    pulled.add(image)
    const puller = new ImagePuller({ runtime, clock, architecture: () => here })
    const ask = (policy: string) => puller.ensure({ image, policy, credentials: [], event: () => {} }, signal)
    const why = `no match for platform in manifest: image "${image}" is for linux/${elsewhere}, this node is linux/${here}`
    expect(await ask('Always')).toMatchObject({ ok: false, reason: 'ErrImagePull', message: why })
    expect(await ask('Never')).toMatchObject({ reason: 'ErrImageNeverPull', message: expect.stringContaining(why) })
    expect(puller.unfitImages()).toEqual([image])
  })
})

describe('a registry with log-ins', () => {
  let registry: ImageRegistry
  let node: AgentNode

  beforeAll(async () => {
    registry = await ImageRegistry.start({ hasLogins: true })
    await registry.push('team/app:1', { clusterId })
    await joinTestNetwork(runtime, `g${process.pid}`)
  })
  afterAll(async () => {
    await registry.stop()
    await removeEverything({ clusterId, clock, log: silentLogger })
  })
  beforeEach(() => {
    node = new AgentNode(runtime, clock)
  })
  afterEach(async () => {
    node.manager.stop()
    const { containers, sandboxes } = await runtime.list()
    for (const { id } of [...containers, ...sandboxes]) await runtime.removeContainer(id)
  })

  const put = (name: string, spec: Partial<PodSpec> = {}) => {
    const image = `${registry.host}/team/app:1`
    pulled.add(image)
    const command = ['sh', '-c', 'trap "exit 0" TERM; sleep 1000 & wait']
    const containers = [podContainer('web', { image, command, imagePullPolicy: 'Always' })]
    node.put(assignedPod(name, { ...spec, containers }, runUid(name)))
  }
  const auth = ({ username, password } = REGISTRY_USER) => ({
    auth: Buffer.from(`${username}:${password}`).toString('base64'),
  })
  const config = (auths: object) => ({ '.dockerconfigjson': JSON.stringify({ auths }) })
  const waiting = (name: string) => node.status(name)?.containerStatuses?.[0]?.state?.waiting
  const runs = (name: string) =>
    eventually(`${name} running`, async () => node.status(name)?.phase === 'Running', 15_000, 50).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify([node.status(name), node.said()])}`)
    })
  const refusedWith = async (name: string, message: RegExp) => {
    const hasRefused = async () => waiting(name)?.message !== undefined
    await eventually(`${name} refused`, hasRefused, 15_000, 50)
    const { reason = '', message: said } = waiting(name) ?? {}
    // Of two that are refused alike the second waits for the first one's backoff.
    expect(['ErrImagePull', 'ImagePullBackOff']).toContain(reason)
    expect(said).toMatch(message)
  }

  it.each([
    ['the form of today', () => config({ [registry.host]: auth() })],
    ['the form before that', () => ({ '.dockercfg': JSON.stringify({ [`http://${registry.host}/v1/`]: auth() }) })],
    ['a path', () => config({ [`${registry.host}/team`]: { ...REGISTRY_USER } })],
    ['a wildcard', () => config({ [registry.host.replace('127.0', '*.*')]: auth() })],
    [
      'a wrong one beside the right one',
      () => config({ [`${registry.host}/team`]: auth({ ...REGISTRY_USER, password: 'no' }), [registry.host]: auth() }),
    ],
  ])('lets in a Pod whose secret has %s', async (_what, data) => {
    node.putSecret('login', data())
    put('a', { imagePullSecrets: [{ name: 'login' }] })
    await runs('a')
  })

  it('turns away a Pod without a log-in, with a wrong one, and with one for somewhere else', async () => {
    node.putSecret('wrong', config({ [registry.host]: auth({ ...REGISTRY_USER, password: 'no' }) }))
    node.putSecret('elsewhere', config({ [`${registry.host}/other`]: auth() }))
    put('none')
    put('wrong', { imagePullSecrets: [{ name: 'wrong' }] })
    put('elsewhere', { imagePullSecrets: [{ name: 'elsewhere' }, { name: 'absent' }] })
    await Promise.all([
      refusedWith('none', /no basic auth credentials/),
      refusedWith('wrong', /unauthorized|authentication required/i),
      refusedWith('elsewhere', /no basic auth credentials/),
    ])
    expect(node.said()).toContain(
      'FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (absent); ' +
        'attempting to pull the image may not succeed.',
    )
    expect(JSON.stringify([node.history, node.events])).not.toContain(REGISTRY_USER.password)
  })
})
