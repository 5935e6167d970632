import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Container, Pod } from '../../shared/api/generated/core-v1.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { FOREVER, shell, shellPod } from '../support/shell-workloads.ts'
import { loadTestImage } from '../support/test-image.ts'

const up = new UpProcess(await freePort())
const user = new KubectlUser(up.kubeconfig)

/** A gRPC server of this machine that says of its health what it is told to. */
const health = { server: undefined as Http2Server | undefined, port: 0, status: 1 }

beforeAll(async () => {
  await loadTestImage()
  health.server = createServer().on('stream', answerHealth)
  await new Promise<void>((resolve) => health.server?.listen(0, () => resolve()))
  health.port = (health.server.address() as AddressInfo).port
  await up.start('--no-example', '--nodes', '1')
})
afterAll(async () => {
  health.server?.close()
  await up.destroy()
})

function answerHealth(stream: ServerHttp2Stream): void {
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.end(Buffer.from([0, 0, 0, 0, 2, 8, health.status]))
}

const read = (name: string) => user.json<Pod>('get', 'pod', name)
const podWhen = (name: string, isWanted: (pod: Pod) => unknown) => user.podWhen(name, isWanted)
const isReady = ({ status }: Pod) => conditionOf(status, 'Ready')?.status === 'True'
const conditionOf = (status: Pod['status'], type: string) => status?.conditions?.find((found) => found.type === type)

/** Runs until TERM, says so, and takes a while to end. */
const polite = (before: string, name: string, more: Partial<Container> = {}): Container =>
  shell(`trap 'echo term; sleep 0.5; exit 0' TERM; ${before}; while true; do sleep 0.1; done`, { name, ...more })
const exec = (script: string) => ({ exec: { command: ['sh', '-c', script] } })
const say = (text: string) => exec(`echo ${text} > /proc/1/fd/1`)

/** When the container said what, in the order in which it did. */
async function said(pod: string, container: string): Promise<[text: string, atMs: number][]> {
  const log = await user.ok('logs', '-f', '--timestamps', pod, '-c', container)
  return log.split('\n').map((line) => {
    const [time = '', ...text] = line.split(' ')
    return [text.join(' '), Date.parse(time)]
  })
}
const timeOf = (log: [string, number][], text: string) => log.find(([line]) => line === text)?.[1] ?? Number.NaN

describe.concurrent('the order of life', () => {
  it('starts sidecars first and ends them last, with hooks before and probes throughout', async () => {
    const sidecar = { restartPolicy: 'Always' }
    const startupProbe = { ...exec('test -e /tmp/up'), periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 30 }
    const main = polite('mkdir /www; echo hi > /www/index.html; httpd -p 8080 -h /www', 'c', {
      lifecycle: { postStart: say('begun'), preStop: exec('echo pre > /proc/1/fd/1; sleep 1') },
      readinessProbe: { httpGet: { path: '/index.html', port: 8080 }, periodSeconds: 1, timeoutSeconds: 30 },
      livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 30 },
    })
    await user.apply(
      shellPod('ordered', [main], {
        terminationGracePeriodSeconds: 20,
        initContainers: [
          polite('sleep 1; echo up; touch /tmp/up', 'proxy', { ...sidecar, startupProbe }),
          polite('true', 'logs', { ...sidecar, lifecycle: { preStop: say('pre') } }),
        ],
      }),
    )
    await podWhen('ordered', isReady)
    expect(await user.ok('get', 'pod', 'ordered', '--no-headers')).toMatch(/^ordered +3\/3 +Running +0 /)
    const logs = Promise.all(['c', 'logs', 'proxy'].map((name) => said('ordered', name)))
    await user.ok('delete', 'pod', 'ordered', '--wait=false')
    const [c = [], side = [], proxy = []] = await logs
    const texts = [c, side, proxy].map((log) => log.map(([text]) => text))
    expect(texts).toEqual([
      ['begun', 'pre', 'term'],
      ['pre', 'term'],
      ['up', 'term'],
    ])
    expect(timeOf(c, 'begun')).toBeGreaterThan(timeOf(proxy, 'up'))
    expect(timeOf(c, 'term') - timeOf(c, 'pre')).toBeGreaterThan(900)
    expect(timeOf(side, 'pre')).toBeLessThan(timeOf(c, 'term'))
    expect(timeOf(side, 'term')).toBeGreaterThan(timeOf(c, 'term') + 400)
    expect(timeOf(proxy, 'term')).toBeGreaterThan(timeOf(side, 'term') + 400)
    await user.ok('wait', '--for=delete', 'pod/ordered', '--timeout=20s')
  })

  it('lets a task end although a sidecar runs', async () => {
    const spec = { restartPolicy: 'Never', initContainers: [polite('true', 'proxy', { restartPolicy: 'Always' })] }
    const report = 'echo all done > /dev/termination-log'
    await user.apply(shellPod('task', report, { ...spec, terminationGracePeriodSeconds: 5 }))
    const { status } = await podWhen('task', (pod) => pod.status?.phase === 'Succeeded')
    expect(status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 0, message: 'all done\n' })
    expect(status?.initContainerStatuses?.[0]).toMatchObject({
      restartCount: 0,
      state: { terminated: { exitCode: 0 } },
    })
  })

  it('restarts a container whose postStart hook fails, and one that is not alive', async () => {
    const livenessProbe = { ...exec('echo no luck; false'), periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 2 }
    await user.apply(
      shellPod('unlucky', [shell(FOREVER, { lifecycle: { postStart: exec('exit 3') } })]),
      shellPod('speechless', [
        shell('echo first >&2; echo last >&2; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
      ]),
      shellPod('unwell', [shell(FOREVER, { livenessProbe })]),
    )
    for (const name of ['unlucky', 'unwell', 'speechless']) {
      await podWhen(name, ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0)
    }
    const { status } = await read('speechless')
    expect(status?.containerStatuses?.[0]?.lastState?.terminated?.message).toBe('first\nlast\n')
    await user.hasEvents('unlucky', /^FailedPostStartHook PostStartHook failed/, /^Killing FailedPostStartHook/)
    await user.hasEvents(
      'unwell',
      /^Unhealthy Liveness probe failed: no luck/,
      /^Killing Container c failed liveness probe, will be restarted/,
    )
  })

  it('asks over gRPC on the machine’s own network, and waits for readiness gates', async () => {
    const readinessProbe = { grpc: { port: health.port }, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 1 }
    const readinessGates = [{ conditionType: 'example.com/open' }]
    await user.apply(shellPod('gated', [shell(FOREVER, { readinessProbe })], { hostNetwork: true, readinessGates }))
    const waiting = await podWhen('gated', (pod) => conditionOf(pod.status, 'ContainersReady')?.status === 'True')
    expect(conditionOf(waiting.status, 'Ready')).toMatchObject({
      reason: 'ReadinessGatesNotReady',
      message: 'corresponding condition of pod readiness gate "example.com/open" does not exist.',
    })
    const open = { status: { conditions: [{ type: 'example.com/open', status: 'True' }] } }
    await user.ok('patch', 'pod', 'gated', '--subresource=status', '-p', JSON.stringify(open))
    await podWhen('gated', isReady)
    health.status = 2
    await podWhen('gated', (pod) => !isReady(pod))
    await user.hasEvents('gated', /Readiness probe failed: service unhealthy \(responded with "NOT_SERVING"\)/)
  })

  it('refuses what cannot be, in Kubernetes’ words', async () => {
    const pod = shellPod('bad', [shell(FOREVER, { lifecycle: { preStop: { sleep: { seconds: 60 } } } })], {
      terminationGracePeriodSeconds: 10,
    })
    const { stderr } = await user.try(['create', '-f', '-'], { input: JSON.stringify(pod) })
    const why = 'must be non-negative and less than terminationGracePeriodSeconds (10)'
    expect(stderr).toContain(`spec.containers[0].lifecycle.preStop.sleep: Invalid value: 60: ${why}`)
  })
})
