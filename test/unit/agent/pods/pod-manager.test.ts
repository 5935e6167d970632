import { beforeEach, describe, expect, it } from 'vitest'
import { AgentNode } from '../../../support/agent-node.ts'
import { assignedPod, podContainer } from '../../../support/assigned-pod.ts'
import { FakeRuntime } from '../../../support/fake-runtime.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('PodManager', () => {
  let clock: VirtualClock
  let runtime: FakeRuntime
  let node: AgentNode

  beforeEach(() => {
    clock = new VirtualClock()
    runtime = new FakeRuntime({ clock })
    runtime.addImage('app:1')
    runtime.addImage('app:2')
    node = new AgentNode(runtime, clock)
  })

  const phase = (name: string) => node.status(name)?.phase
  const web = (name = 'a') => node.status(name)?.containerStatuses?.[0]

  it('runs a Pod and says so', async () => {
    node.put(assignedPod('a', { containers: [podContainer('web'), podContainer('side')] }))
    await clock.until(() => phase('a') === 'Running')
    const status = node.status('a')
    expect(status?.podIP).toBe('10.244.0.2')
    expect(status?.hostIP).toBe('192.0.2.10')
    expect(status?.qosClass).toBe('BestEffort')
    expect(status?.containerStatuses?.map(({ name, ready, started }) => [name, ready, started])).toEqual([
      ['web', true, true],
      ['side', true, true],
    ])
    expect(status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ])
    expect(node.said()).toEqual([
      'Pulled: Container image "app:1" already present on machine and can be accessed by the pod',
      'Pulled: Container image "app:1" already present on machine and can be accessed by the pod',
      'Created: Container created',
      'Started: Container started',
      'Created: Container created',
      'Started: Container started',
    ])
  })

  it('restarts a container that ends, at once and then with a growing backoff', async () => {
    runtime.program = () => ({ exitAfterMs: 1000, exitCode: 3 })
    node.put(assignedPod('a'))
    await clock.until(() => web()?.restartCount === 1)
    await clock.until(() => web()?.state?.waiting?.reason === 'CrashLoopBackOff')
    expect(web()?.state?.waiting?.message).toBe('back-off 10s restarting failed container=web pod=a_default(uid-a)')
    expect(web()?.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error' })
    expect(phase('a')).toBe('Running')
    const before = clock.now()
    await clock.until(() => web()?.restartCount === 2)
    expect(clock.now() - before).toBeGreaterThan(8_000)
    expect(clock.now() - before).toBeLessThan(11_000)
    await clock.until(() => web()?.state?.waiting?.message?.startsWith('back-off 20s') ?? false)
    await clock.until(() => web()?.state?.waiting?.message?.startsWith('back-off 5m0s') ?? false, 1_000_000)
    expect(node.said()).toContain('BackOff: Back-off restarting failed container web in pod a_default(uid-a)')
  })

  it('forgives a container that ran for more than ten minutes', async () => {
    runtime.program = ({ restartCount }) => ({ exitAfterMs: restartCount === 2 ? 601_000 : 1000, exitCode: 1 })
    node.put(assignedPod('a'))
    await clock.until(() => web()?.restartCount === 2 && web()?.state?.running !== undefined, 60_000)
    await clock.advance(600_000)
    expect(web()?.restartCount).toBe(2)
    await clock.advance(1_500)
    expect(web()?.restartCount).toBe(3)
  })

  it('ends a Pod by its restartPolicy', async () => {
    runtime.program = ({ name }) => ({ exitAfterMs: 500, exitCode: name === 'bad' ? 1 : 0 })
    node.put(assignedPod('good', { restartPolicy: 'Never' }))
    node.put(assignedPod('mixed', { restartPolicy: 'Never', containers: [podContainer('ok'), podContainer('bad')] }))
    node.put(assignedPod('again', { restartPolicy: 'OnFailure', containers: [podContainer('bad')] }))
    await clock.until(() => phase('good') === 'Succeeded' && phase('mixed') === 'Failed')
    await clock.until(() => (web('again')?.restartCount ?? 0) > 0)
    expect(phase('again')).toBe('Running')
    expect(node.status('good')?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'PodCompleted',
    })
    await clock.advance(100)
    const sandboxes = [...runtime.sandboxes.values()].filter(({ pod }) => pod.name !== 'again')
    expect(sandboxes.map(({ running }) => running)).toEqual([false, false])
    expect(runtime.containerOf('good', 'web')?.state.phase).toBe('exited')
  })

  it('runs init containers one after the other, each to its success', async () => {
    runtime.program = ({ name, restartCount }) =>
      name.startsWith('init') ? { exitAfterMs: 2000, exitCode: name === 'init-2' && restartCount === 0 ? 1 : 0 } : {}
    node.put(assignedPod('a', { initContainers: [podContainer('init-1'), podContainer('init-2')] }))
    await clock.until(() => node.status('a')?.initContainerStatuses?.[0]?.state?.running !== undefined)
    expect(web()?.state?.waiting?.reason).toBe('PodInitializing')
    expect(phase('a')).toBe('Pending')
    expect(node.status('a')?.conditions?.[1]).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [init-1 init-2]',
    })
    await clock.until(() => phase('a') === 'Running')
    expect(node.status('a')?.initContainerStatuses?.map(({ ready, restartCount }) => [ready, restartCount])).toEqual([
      [true, 0],
      [true, 1],
    ])
    expect(runtime.calls.filter((call) => call.startsWith('startContainer'))).toEqual([
      'startContainer init-1',
      'startContainer init-2',
      'startContainer init-2',
      'startContainer web',
    ])
  })

  it('fails a Pod whose init container fails and may not be restarted', async () => {
    runtime.program = () => ({ exitAfterMs: 100, exitCode: 1 })
    node.put(assignedPod('a', { restartPolicy: 'Never', initContainers: [podContainer('init')] }))
    await clock.until(() => phase('a') === 'Failed')
    await clock.advance(60_000)
    node.restartAgent()
    await clock.advance(60_000)
    expect(runtime.calls.filter((call) => call.startsWith('startContainer'))).toEqual(['startContainer init'])
  })

  it('shows the address of a Pod that ended with its sandbox', async () => {
    node.put(assignedPod('a', { restartPolicy: 'Never' }))
    await clock.until(() => node.status('a')?.phase === 'Running')
    const podIP = node.status('a')?.podIP
    runtime.exitContainer(runtime.containerOf('a', 'web')?.id ?? '', { exitCode: 137 })
    runtime.killSandboxProcess([...runtime.sandboxes.keys()][0] ?? '')
    await clock.until(() => node.status('a')?.phase === 'Failed')
    expect(node.status('a')).toMatchObject({ podIP, podIPs: [{ ip: podIP }] })
  })

  it('makes a new sandbox for one that died, and counts the restarts', async () => {
    node.put(assignedPod('a'))
    await clock.until(() => phase('a') === 'Running')
    const [old] = runtime.sandboxes.keys()
    runtime.killSandboxProcess(old ?? '')
    await clock.until(() => web()?.restartCount === 1)
    expect(node.said()).toContain('SandboxChanged: Pod sandbox changed, it will be killed and re-created.')
    expect([...runtime.sandboxes.keys()]).toHaveLength(1)
    expect(node.status('a')?.podIP).toBe('10.244.0.3')
  })

  it('restarts a container whose image was changed', async () => {
    const pod = node.put(assignedPod('a'))
    await clock.until(() => phase('a') === 'Running')
    node.put({ ...pod, spec: { ...pod.spec, containers: [podContainer('web', { image: 'app:2' })] } })
    await clock.until(() => web()?.image === 'app:2')
    expect(web()?.restartCount).toBe(1)
    expect(node.said()).toContain('Killing: Container web definition changed, will be restarted')
  })

  it('goes on after the runtime was away', async () => {
    node.put(assignedPod('a'))
    await clock.until(() => phase('a') === 'Running')
    runtime.setDown(true)
    const [id = ''] = runtime.containers.keys()
    runtime.exitContainer(id, { exitCode: 1 })
    node.put(assignedPod('b'))
    await clock.advance(60_000)
    runtime.setDown(false)
    await clock.until(() => web('a')?.restartCount === 1 && phase('b') === 'Running', 60_000)
  })

  it('looks again at once when the runtime’s events were lost', async () => {
    node.put(assignedPod('a'))
    await clock.until(() => phase('a') === 'Running')
    runtime.loseEvents()
    runtime.exitContainer(runtime.containerOf('a', 'web')?.id ?? '', { exitCode: 1 })
    await clock.until(() => web()?.restartCount === 1, 5_000)
  })

  it('removes what a call made that was given up', async () => {
    node.put(assignedPod('a'))
    await clock.until(() => phase('a') === 'Running')
    node.delete('a')
    await clock.until(() => node.isTerminated('a'))
    const base = { hostname: 'a', hosts: [], ports: [], hostNetwork: false, volumes: [] }
    await runtime.runSandbox({ pod: { uid: 'uid-a', namespace: 'default', name: 'a' }, ...base })
    await clock.advance(1_000)
    expect(runtime.sandboxes.size).toBe(0)
    node.remove('a')
    await runtime.runSandbox({ pod: { uid: 'uid-a', namespace: 'default', name: 'a' }, ...base })
    await clock.advance(1_000)
    expect(runtime.sandboxes.size).toBe(0)
  })

  it('keeps running the other Pods while a call for one hangs', async () => {
    runtime.hangNext('runSandbox')
    node.put(assignedPod('stuck'))
    await clock.advance(1_000)
    node.put(assignedPod('b'))
    await clock.until(() => phase('b') === 'Running')
    expect(phase('stuck')).toBe('Pending')
  })

  it('refuses what this version does not honour, and names it', async () => {
    const nfs = { server: 'nas', path: '/' }
    node.put(assignedPod('a', { volumes: [{ name: 'v', nfs }], hostUsers: false }))
    await clock.advance(1_000)
    const why = {
      nfs: 'spec.volumes[0].nfs: Kubette has no driver for storage outside a node',
      users: 'spec.hostUsers: Docker has one user namespace for all its containers',
    }
    expect(web()?.state?.waiting).toEqual({ reason: 'CreateContainerConfigError', message: `${why.nfs}; ${why.users}` })
    expect(node.said()).toEqual([`FailedMount: ${why.nfs}`, `Failed: Error: ${why.users}`])
    expect(runtime.sandboxes.size).toBe(0)
  })

  it('waits for a missing key, and heals when it appears', async () => {
    const env = [{ name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } }]
    node.put(assignedPod('a', { containers: [podContainer('web', { env })] }))
    await clock.until(() => web()?.state?.waiting?.reason === 'CreateContainerConfigError')
    expect(web()?.state?.waiting?.message).toBe('configmap "settings" not found')
    node.putConfigMap('settings', { size: 'big' })
    await clock.advance(100)
    expect(web()?.state?.waiting?.message).toBe("couldn't find key color in ConfigMap default/settings")
    node.putConfigMap('settings', { color: 'blue' })
    await clock.advance(100)
    expect(web()?.ready).toBe(true)
    expect([...runtime.containers.values()][0]?.spec.env).toEqual([{ name: 'COLOR', value: 'blue' }])
  })

  it('shows why an image does not come', async () => {
    runtime.pullErrors.set('gone:1', 'manifest unknown')
    node.put(assignedPod('a', { containers: [podContainer('web', { image: 'gone:1' })] }))
    await clock.until(() => web()?.state?.waiting?.reason === 'ErrImagePull')
    expect(web()?.state?.waiting?.message).toBe('manifest unknown')
    await clock.until(() => web()?.state?.waiting?.reason === 'ImagePullBackOff')
    expect(web()?.state?.waiting?.message).toBe('Back-off pulling image "gone:1": ErrImagePull: manifest unknown')
    runtime.pullErrors.clear()
    await clock.until(() => phase('a') === 'Running')
    expect(node.said()).toContain('Failed: Failed to pull image "gone:1": manifest unknown')
    expect(node.said()).toContain('BackOff: Back-off pulling image "gone:1"')
  })

  it('fails a Pod at its active deadline', async () => {
    node.put(assignedPod('a', { activeDeadlineSeconds: 100 }))
    await clock.until(() => phase('a') === 'Running')
    await clock.advance(98_000)
    expect(phase('a')).toBe('Running')
    await clock.advance(3_000)
    expect(node.status('a')).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
    expect(runtime.running()).toEqual([])
  })

  it('keeps the newest instance of a container and the one before it', async () => {
    runtime.program = ({ restartCount }) => (restartCount < 4 ? { exitAfterMs: 10, exitCode: 1 } : {})
    node.put(assignedPod('a'))
    await clock.until(() => web()?.restartCount === 4, 200_000)
    await clock.advance(100)
    expect([...runtime.containers.values()].map(({ state }) => state.restartCount)).toEqual([3, 4])
  })

  it('says nothing twice while nothing changes', async () => {
    node.put(assignedPod('a'))
    await clock.until(() => phase('a') === 'Running')
    const reports = node.history.length
    await clock.advance(600_000)
    expect(node.history).toHaveLength(reports)
  })
})
