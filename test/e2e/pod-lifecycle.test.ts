import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Container, ContainerStatus, Pod } from '../../shared/api/generated/core-v1.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { eventually, run } from '../support/shell.ts'
import { FOREVER, shell, shellPod } from '../support/shell-workloads.ts'
import { loadTestImage, TEST_IMAGE } from '../support/test-image.ts'

const up = new UpProcess(await freePort())
const user = new KubectlUser(up.kubeconfig)

beforeAll(async () => {
  await loadTestImage()
  await up.start('--no-example', '--nodes', '2')
})
afterAll(() => up.destroy())

const read = (name: string) => user.json<Pod>('get', 'pod', name)

const podWhen = (name: string, isWanted: (first: ContainerStatus, pod: Pod) => unknown) =>
  user.podWhen(name, (pod) => {
    const [first] = pod.status?.containerStatuses ?? []
    return first && isWanted(first, pod)
  })

const waitingFor = (name: string, reason: string) => podWhen(name, ({ state }) => state?.waiting?.reason === reason)

const phaseOf = (name: string, phase: string) => podWhen(name, (_, { status }) => status?.phase === phase)

function firstOf({ status }: Pod): ContainerStatus {
  const [first] = status?.containerStatuses ?? []
  if (!first) throw new Error('no container status')
  return first
}

describe.concurrent('a Pod', () => {
  it('shares localhost and an emptyDir among its containers', async () => {
    const volumeMounts = [{ name: 'shared', mountPath: '/srv' }]
    const server = shell('echo through the volume > /srv/index.html; exec httpd -f -p 8080 -h /srv', { volumeMounts })
    const get = 'printf "GET / HTTP/1.0\\r\\n\\r\\n" | nc 127.0.0.1 8080'
    const client = shell(
      `until ${get} > /tmp/answer 2>/dev/null; do sleep 0.1; done; tail -n 1 /tmp/answer; cat /srv/*`,
    )
    await user.apply(
      shellPod('duo', [server, { ...client, name: 'client', volumeMounts }], {
        restartPolicy: 'Never',
        volumes: [{ name: 'shared', emptyDir: {} }],
      }),
    )
    await podWhen('duo', (_, { status }) => status?.containerStatuses?.[1]?.state?.terminated?.exitCode === 0)
    expect(await user.ok('logs', 'duo', '-c', 'client')).toBe('through the volume\nthrough the volume')
    expect(await user.ok('get', 'pod', 'duo')).toMatch(/^duo +1\/2 +NotReady +0 /m)
  })

  it('ends as Succeeded or Failed when it is never restarted', async () => {
    const never = { restartPolicy: 'Never' }
    await user.apply(shellPod('good', 'exit 0', never), shellPod('bad', 'exit 3', never))
    expect(firstOf(await phaseOf('good', 'Succeeded')).state?.terminated).toMatchObject({
      exitCode: 0,
      reason: 'Completed',
    })
    const bad = firstOf(await phaseOf('bad', 'Failed'))
    expect(bad).toMatchObject({
      restartCount: 0,
      ready: false,
      state: { terminated: { exitCode: 3, reason: 'Error' } },
    })
    expect(await user.ok('get', 'pods', 'good', 'bad', '--no-headers')).toMatch(
      /^good +0\/1 +Completed.*\nbad +0\/1 +Error/,
    )
  })

  it('is restarted on failure until it succeeds', async () => {
    const volumeMounts = [{ name: 'v', mountPath: '/v' }]
    const script = 'if test -e /v/once; then exit 0; fi; echo > /v/once; exit 7'
    const spec = { restartPolicy: 'OnFailure', volumes: [{ name: 'v', emptyDir: {} }] }
    await user.apply(shellPod('second-try', [shell(script, { volumeMounts })], spec))
    const status = firstOf(await phaseOf('second-try', 'Succeeded'))
    expect(status).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 7 } } })
  })

  it('backs off from a container that crashes, and keeps the log of the one before', async () => {
    await user.apply(shellPod('crash', 'echo ran at $(cat /proc/uptime); exit 5'))
    const pod = await podWhen('crash', ({ state, restartCount }) => state?.waiting?.message && restartCount > 1)
    const id = `crash_default(${pod.metadata.uid})`
    expect(firstOf(pod)).toMatchObject({
      state: {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: `back-off 20s restarting failed container=c pod=${id}`,
        },
      },
      lastState: { terminated: { exitCode: 5, reason: 'Error' } },
    })
    expect(pod.status?.phase).toBe('Running')
    const [last, previous] = await Promise.all([user.ok('logs', 'crash'), user.ok('logs', 'crash', '--previous')])
    expect(last).toMatch(/^ran at [\d.]+ /)
    expect(previous).toMatch(/^ran at [\d.]+ /)
    await user.hasEvents('crash', /^BackOff Back-off restarting failed container c in pod crash_default\(/)
    expect(await user.ok('get', 'pod', 'crash')).toMatch(/CrashLoopBackOff +2 \(\d+s ago\)/)
  })

  it('waits for an image with the reason why it does not come', async () => {
    const withImage = (name: string, image: string, rest: Partial<Container> = {}) =>
      shellPod(name, [{ name: 'c', image, ...rest }])
    await user.apply(
      withImage('no-registry', '127.0.0.1:1/nothing:1'),
      withImage('not-here', 'kubette-test/nothing:1', { imagePullPolicy: 'Never' }),
      withImage('no-name', 'Not/A::name'),
    )
    const [pull, never, name] = await Promise.all([
      waitingFor('no-registry', 'ErrImagePull').then(() => waitingFor('no-registry', 'ImagePullBackOff')),
      waitingFor('not-here', 'ErrImageNeverPull'),
      waitingFor('no-name', 'InvalidImageName'),
    ])
    expect(firstOf(pull).state?.waiting?.message).toMatch(
      /^Back-off pulling image "127.0.0.1:1\/nothing:1": ErrImagePull/,
    )
    expect(firstOf(never).state?.waiting?.message).toMatch(/is not present with pull policy of Never$/)
    expect(firstOf(name).state?.waiting?.message).toContain(`couldn't parse image name "Not/A::name"`)
    await user.hasEvents('no-registry', /^Failed Failed to pull image "[^"]+": .*"http.*connection refused$/)
  })

  it('gets its environment, and waits for what is missing there', async () => {
    const env = [
      { name: 'WHO', value: 'world' },
      { name: 'GREETING', value: 'hello $(WHO), $$(WHO), $(NOBODY)' },
      { name: 'ME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'hidden', key: 'password' } } },
      { name: 'MAYBE', valueFrom: { secretKeyRef: { name: 'nothing', key: 'nothing', optional: true } } },
    ]
    await user.apply(shellPod('envs', [shell('env; echo arg=$(GREETING)', { env })], { restartPolicy: 'Never' }))
    const missing = await waitingFor('envs', 'CreateContainerConfigError')
    expect(firstOf(missing).state?.waiting?.message).toBe('configmap "settings" not found')
    await user.ok('create', 'secret', 'generic', 'hidden', '--from-literal=password=geheim')
    await user.ok('create', 'configmap', 'settings', '--from-literal=colour=blue')
    const wrongKey = "couldn't find key color in ConfigMap default/settings"
    await podWhen('envs', ({ state }) => state?.waiting?.message === wrongKey)
    await user.ok('patch', 'configmap', 'settings', '-p', '{"data":{"color":"red"}}')
    const { status } = await phaseOf('envs', 'Succeeded')
    const output = (await user.ok('logs', 'envs')).split('\n')
    expect(output).toEqual(
      expect.arrayContaining(['GREETING=hello world, $(WHO), $(NOBODY)', 'ME=envs', `IP=${status?.podIP}`]),
    )
    expect(output).toEqual(expect.arrayContaining(['COLOR=red', 'PASSWORD=geheim']))
    expect(output.some((line) => line.startsWith('MAYBE='))).toBe(false)
  })

  it('goes through its init containers one after the other', async () => {
    const volumeMounts = [{ name: 'v', mountPath: '/v' }]
    const step = (name: string, script: string) => shell(script, { name, volumeMounts })
    const untilTold = 'until [ -e /v/go ]; do sleep 0.1; done'
    const initContainers = [
      step('one', 'sleep 0.5; echo one >> /v/log'),
      step('two', `echo two >> /v/log; ${untilTold}`),
    ]
    const spec = { initContainers, volumes: [{ name: 'v', emptyDir: {} }] }
    await user.apply(shellPod('steps', [step('c', `cat /v/log; ${FOREVER}`)], spec))
    const second = await user.podWhen('steps', ({ status }) => status?.initContainerStatuses?.[1]?.state?.running)
    expect(await user.ok('get', 'pod', 'steps')).toContain('Init:1/2')
    expect(firstOf(second).state?.waiting?.reason).toBe('PodInitializing')
    const go = ['exec', 'steps', '-c', 'two', '--', 'touch', '/v/go'] as const
    await eventually('the second step is told', async () => (await user.ok(...go)) === '')
    await phaseOf('steps', 'Running')
    expect(await user.ok('logs', 'steps')).toBe('one\ntwo')
    const failing = [shell('exit 9', { name: 'one' })]
    await user.apply(shellPod('stuck', FOREVER, { initContainers: failing, restartPolicy: 'Never' }))
    const { status } = await phaseOf('stuck', 'Failed')
    expect(status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode).toBe(9)
    expect(await user.ok('get', 'pod', 'stuck')).toMatch(/^stuck +0\/1 +Init:Error +0 /m)
  })

  it('is ready when its readiness probe says so, and restarted when its liveness probe gives it up', async () => {
    const readinessProbe = { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 1, timeoutSeconds: 30 }
    await user.apply(shellPod('slow', [shell(`sleep 3; echo > /tmp/ready; ${FOREVER}`, { readinessProbe })]))
    const early = await podWhen('slow', ({ state }) => state?.running)
    expect(firstOf(early)).toMatchObject({ ready: false, started: true })
    await podWhen('slow', ({ ready }) => ready)
    await user.hasEvents('slow', /^Unhealthy Readiness probe failed/)
    const livenessProbe = { tcpSocket: { port: 81 }, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 2 }
    await user.apply(shellPod('hung', [shell(FOREVER, { livenessProbe })]))
    expect(firstOf(await podWhen('hung', ({ restartCount }) => restartCount === 1)).lastState).toMatchObject({
      terminated: { exitCode: 137, reason: 'Error' },
    })
    await user.hasEvents(
      'hung',
      /^Unhealthy Liveness probe failed: dial tcp [\d.]+:81: connect: connection refused$/,
      /^Killing Container c failed liveness probe, will be restarted$/,
    )
  })

  it('has its grace period to end by itself, and no more', async () => {
    const loop = 'while true; do sleep 0.1; done'
    await user.apply(
      shellPod('polite', `trap "echo bye; exit 0" TERM; echo up; ${loop}`, { terminationGracePeriodSeconds: 60 }),
      shellPod('stubborn', `trap "" TERM; echo up; ${loop}`, { terminationGracePeriodSeconds: 4 }),
    )
    await user.ok('wait', '--for=condition=Ready', 'pod/polite', 'pod/stubborn', '--timeout=40s')
    let deleted: Promise<string> | undefined
    const onStdout = () => {
      deleted ??= user.ok('delete', 'pod', 'polite', '--timeout=40s')
    }
    expect((await user.try(['logs', '-f', 'polite'], { onStdout })).stdout).toBe('up\nbye\n')
    await deleted
    const stubborn = user.ok('delete', 'pod', 'stubborn', '--timeout=40s')
    await user.podWhen('stubborn', ({ metadata }) => metadata.deletionTimestamp)
    expect(await user.ok('get', 'pod', 'stubborn')).toContain('Terminating')
    await stubborn
    await user.hasEvents('stubborn', /^Killing Stopping container c$/)
  })

  it('is held to its limits by Docker', async () => {
    const resources = { requests: { cpu: '50m', memory: '16Mi' }, limits: { cpu: '100m', memory: '32Mi' } }
    await user.apply(shellPod('limited', [shell(FOREVER, { resources })]))
    const { containerID } = firstOf(await phaseOf('limited', 'Running'))
    const format = '{{.HostConfig.Memory}} {{.HostConfig.CpuShares}} {{.HostConfig.CpuQuota}}/{{.HostConfig.CpuPeriod}}'
    const limits = await run('docker', ['inspect', '-f', format, `${containerID}`.replace('docker://', '')])
    expect(limits.trim()).toBe(`${32 * 1024 * 1024} 51 10000/100000`)
    expect((await read('limited')).status?.qosClass).toBe('Burstable')
  })

  it('is refused where it asks for what cannot be had, with the field and the reason', async () => {
    const volumes = [{ name: 'share', nfs: { server: 'nas', path: '/' } }]
    const refused = user.apply(shellPod('too-much', FOREVER, { volumes, hostUsers: false }))
    await expect(refused).rejects.toThrow(
      'spec.volumes[0].nfs: Forbidden: Kubette has no driver for storage outside a node',
    )
    await expect(refused).rejects.toThrow('spec.hostUsers: Forbidden: Docker has one user namespace')
  })

  it('cannot start what its image does not have', async () => {
    await user.apply(shellPod('no-command', [{ name: 'c', image: TEST_IMAGE, command: ['nothere'] }]))
    const pod = await podWhen('no-command', ({ state }) => state?.waiting?.reason === 'RunContainerError')
    expect(firstOf(pod).state?.waiting?.message).toContain('"nothere": executable file not found')
  })
})
