import { beforeEach, describe, expect, it } from 'vitest'
import { RuntimeFailure, type VolumeSpec } from '../../../../agent/runtime/runtime.ts'
import type { Volume } from '../../../../shared/api/generated/core-v1.ts'
import type { PersistentVolume } from '../../../../shared/api/kinds.ts'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('the volumes of a Pod', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    node = new AgentNode(runtime, clock)
  })

  const put = (volume: Omit<Volume, 'name'>, labels?: Record<string, string>, debuggers: string[] = []) => {
    const volumeMounts = [{ name: 'v', mountPath: '/v' }]
    const pod = assignedPod('a', {
      volumes: [{ name: 'v', ...volume }],
      containers: [podContainer('web', { volumeMounts })],
      ephemeralContainers: debuggers.map((name) => podContainer(name, { volumeMounts })),
    })
    node.put({ ...pod, metadata: { ...pod.metadata, ...(labels ? { labels } : {}) } })
  }
  const isRunning = () => node.status('a')?.phase === 'Running'
  const files = () => runtime.volumes.read('a', 'v')
  const writes = () => runtime.calls.filter((call) => call.startsWith('writeVolume')).length

  it('has the files of a ConfigMap before anything starts, and follows its changes', async () => {
    node.putConfigMap('settings', { color: 'blue' })
    put({ configMap: { name: 'settings' } })
    await clock.until(isRunning)
    const before = runtime.calls.indexOf('writeVolume v')
    expect(before).toBeLessThan(runtime.calls.indexOf('startContainer web'))
    expect(files()).toEqual({ color: 'blue' })
    node.putConfigMap('settings', { color: 'green', size: 'big' })
    await clock.until(() => files()?.color === 'green')
    expect(files()).toEqual({ color: 'green', size: 'big' })
    await clock.advance(200_000)
    expect(writes()).toBe(2)
    expect(runtime.calls.filter((call) => call.startsWith('startContainer'))).toHaveLength(1)
  })

  it('follows the Pod’s own labels', async () => {
    const downwardAPI = { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] }
    put({ downwardAPI }, { app: 'one' })
    await clock.until(isRunning)
    put({ downwardAPI }, { app: 'two' })
    await clock.until(() => files()?.labels === 'app="two"')
  })

  it('follows what its containers may use', async () => {
    const resourceFieldRef = { containerName: 'web', resource: 'limits.cpu', divisor: '1m' }
    const putLimited = (cpu: string) =>
      node.put(
        assignedPod('a', {
          volumes: [{ name: 'v', downwardAPI: { items: [{ path: 'cpu', resourceFieldRef }] } }],
          containers: [podContainer('web', { resources: { limits: { cpu } } })],
        }),
      )
    putLimited('500m')
    await clock.until(isRunning)
    expect(files()).toEqual({ cpu: '500' })
    putLimited('700m')
    await clock.until(() => files()?.cpu === '700')
  })

  it('waits for what is missing, says so at times, and heals', async () => {
    put({ secret: { secretName: 'keys' } })
    await clock.advance(200_000)
    expect(node.said()).toEqual(['FailedMount: MountVolume.SetUp failed for volume "v" : secret "keys" not found'])
    expect(node.status('a')?.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'ContainerCreating' } })
    expect(runtime.sandboxes.size).toBe(0)
    await clock.advance(3_600_000)
    expect(node.said().length).toBeGreaterThanOrEqual(6)
    node.putSecret('keys', { pass: 'w0rd' })
    await clock.until(isRunning)
    expect(files()).toEqual({ pass: 'w0rd' })
  })

  it('keeps the files of a Secret that goes while the Pod runs', async () => {
    node.putSecret('keys', { pass: 'w0rd' })
    put({ secret: { secretName: 'keys' } })
    await clock.until(isRunning)
    node.removeSecret('keys')
    await clock.advance(1_000)
    expect(files()).toEqual({ pass: 'w0rd' })
    expect(node.said()).toContain('FailedMount: MountVolume.SetUp failed for volume "v" : secret "keys" not found')
    runtime.exitContainer(runtime.containerOf('a', 'web')?.id ?? '', { exitCode: 1 })
    await clock.until(() => node.status('a')?.containerStatuses?.[0]?.restartCount === 1)
  })

  it('writes the files anew into a sandbox that takes another’s place', async () => {
    node.putSecret('keys', { pass: 'w0rd' })
    put({ secret: { secretName: 'keys' } })
    await clock.until(isRunning)
    runtime.killSandboxProcess([...runtime.sandboxes.keys()][0] ?? '')
    await clock.until(() => node.status('a')?.containerStatuses?.[0]?.restartCount === 1)
    expect(files()).toEqual({ pass: 'w0rd' })
    expect(writes()).toBe(2)
  })

  it('leaves what runs its files where the runtime has lost them, and makes a new sandbox for what starts', async () => {
    node.putSecret('keys', { pass: 'w0rd' })
    put({ secret: { secretName: 'keys' } })
    await clock.until(isRunning)
    const sandbox = [...runtime.sandboxes.keys()]
    runtime.volumes.lose()
    node.putSecret('keys', { pass: 'changed' })
    await clock.advance(5_000)
    expect(node.said()).toContain('FailedMount: MountVolume.SetUp failed for volume "v" : the runtime was restarted')
    expect([...runtime.sandboxes.keys()]).toEqual(sandbox)
    expect(node.status('a')?.containerStatuses?.[0]?.restartCount).toBe(0)
    runtime.exitContainer(runtime.containerOf('a', 'web')?.id ?? '', { exitCode: 1 })
    await clock.until(() => node.status('a')?.containerStatuses?.[0]?.restartCount === 1)
    await clock.until(isRunning)
    expect([...runtime.sandboxes.keys()]).not.toEqual(sandbox)
    expect(files()).toEqual({ pass: 'changed' })
  })

  it('leaves the sandbox as it is where only a debugger would need another', async () => {
    node.putSecret('keys', { pass: 'w0rd' })
    const secret = { secretName: 'keys' }
    put({ secret })
    await clock.until(isRunning)
    const sandbox = [...runtime.sandboxes.keys()]
    runtime.volumes.lose()
    put({ secret }, {}, ['debugger'])
    const waiting = { reason: 'CreateContainerConfigError', message: 'the runtime was restarted' }
    const states = () => node.status('a')?.ephemeralContainerStatuses?.map(({ state }) => state)
    await clock.until(() => states()?.[0]?.waiting?.reason === waiting.reason)
    expect(states()).toEqual([{ waiting }])
    await clock.advance(30_000)
    expect([...runtime.sandboxes.keys()]).toEqual(sandbox)
    expect(node.status('a')?.containerStatuses?.[0]?.restartCount).toBe(0)
  })

  it('tries again when a volume could not be written', async () => {
    node.putConfigMap('settings', { color: 'blue' })
    runtime.failNext('writeVolume', new RuntimeFailure('failed', 'no space left on device'))
    put({ configMap: { name: 'settings' } })
    await clock.until(isRunning)
    const failed = 'FailedMount: MountVolume.SetUp failed for volume "v" : no space left on device'
    expect(node.said()).toContain(failed)
  })

  it('bounds a volume in memory by its limit, by what the containers may use, and by the node', async () => {
    const sizes: [string | undefined, string | undefined, number][] = [
      ['1Mi', undefined, 2 ** 20],
      [undefined, '64Mi', 2 ** 26],
      ['128Mi', '64Mi', 2 ** 26],
      [undefined, undefined, 2 ** 33],
    ]
    for (const [index, [sizeLimit, memory]] of sizes.entries()) {
      const emptyDir = { medium: 'Memory', ...(sizeLimit ? { sizeLimit } : {}) }
      const web = podContainer('web', memory ? { resources: { limits: { memory } } } : {})
      node.put(assignedPod(`p${index}`, { volumes: [{ name: 'v', emptyDir }], containers: [web] }))
    }
    await clock.until(() => sizes.every((_, index) => node.status(`p${index}`)?.phase === 'Running'))
    const specs = sizes.map((_, index) => runtime.volumes.spec(`p${index}`, 'v'))
    expect(specs.map((spec) => spec?.medium === 'memory' && spec.sizeLimitBytes)).toEqual(
      sizes.map(([, , size]) => size),
    )
  })

  describe('of a claim', () => {
    const claimed = { persistentVolumeClaim: { claimName: 'data' } }
    const bind = (spec: PersistentVolume['spec'], claimUid = 'uid-data') => {
      node.putVolume('pv', { spec: { ...spec, claimRef: { uid: claimUid } } })
      node.putClaim('data', { spec: { volumeName: 'pv' }, status: { phase: 'Bound' } })
    }
    const ofDocker = { csi: { driver: 'local.kubette.dev', volumeHandle: 'kubette_pv' } }

    it('are data that stays when the Pod goes', async () => {
      bind(ofDocker)
      put(claimed)
      await clock.until(isRunning)
      expect(runtime.volumes.spec('a', 'v')).toEqual({ name: 'v', medium: 'claim', id: 'kubette_pv' })
      node.delete('a', 0)
      await clock.until(() => node.isTerminated('a'))
      expect([...runtime.volumes.claims]).toEqual(['kubette_pv'])
    })

    it('is given to the fsGroup, unless it is only read', async () => {
      const specOf = async (readOnly: boolean, fsGroupChangePolicy?: string) => {
        bind(ofDocker)
        const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data', readOnly } }]
        const securityContext = { fsGroup: 2000, ...(fsGroupChangePolicy ? { fsGroupChangePolicy } : {}) }
        node.put(assignedPod('a', { volumes, securityContext }))
        await clock.until(isRunning)
        const {
          medium: _,
          name: _name,
          id: _id,
          ...rest
        } = runtime.volumes.spec('a', 'v') as { id: string } & VolumeSpec
        node.delete('a', 0)
        await clock.until(() => node.isTerminated('a'))
        node.remove('a')
        return rest
      }
      expect(await specOf(false)).toEqual({ group: 2000, existing: 'always' })
      expect(await specOf(false, 'OnRootMismatch')).toEqual({ group: 2000, existing: 'rootMismatch' })
      expect(await specOf(true)).toEqual({})
    })

    it('hold the Pod up until the claim is bound on both sides', async () => {
      put(claimed)
      await clock.advance(1_000)
      node.putClaim('data', { spec: {}, status: { phase: 'Pending' } })
      await clock.advance(1_000)
      bind(ofDocker, 'uid-other')
      await clock.advance(1_000)
      const failed = (why: string) => `FailedMount: MountVolume.SetUp failed for volume "v" : ${why}`
      expect(node.said()).toEqual([
        failed('persistentvolumeclaim "data" not found'),
        failed('PVC is not bound'),
        failed('persistentvolume "pv" is bound to another claim'),
      ])
      bind(ofDocker)
      await clock.until(isRunning)
    })

    it('may be a path of the node', async () => {
      runtime.hostPaths.set('/srv/data', { path: '/srv/data', type: 'Directory' })
      bind({ local: { path: '/srv/data' } })
      put(claimed)
      await clock.until(isRunning)
      expect(runtime.volumes.spec('a', 'v')).toEqual({ name: 'v', medium: 'host', path: '/srv/data' })
    })
  })

  it('refuses the runtime’s socket, in so many words', async () => {
    runtime.hostPaths.set('/run/fake.sock', { path: '/run/fake.sock', type: 'Socket' })
    put({ hostPath: { path: '/run/fake.sock' } })
    await clock.advance(200_000)
    expect(node.said()).toEqual([
      expect.stringMatching(/^FailedMount: .* would give the Pod \/run\/fake\.sock, and with it/),
    ])
    expect(runtime.sandboxes.size).toBe(0)
  })
})
