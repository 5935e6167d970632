import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LogsServer } from '../../agent/logs/logs-server.ts'
import { NetworkProber } from '../../agent/pods/probes/network-prober.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import type { Container } from '../../shared/api/generated/core-v1.ts'
import { sleep, systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import type { LogsRequest } from '../../shared/protocol/frames.ts'
import { AgentNode } from '../support/agent-node.ts'
import { assignedPod, podContainer } from '../support/assigned-pod.ts'
import { MemoryStream } from '../support/memory-stream.ts'
import { runUid } from '../support/run-uid.ts'
import { loadTestImage } from '../support/test-image.ts'
import { joinTestNetwork } from '../support/test-pod-network.ts'

const clock = systemClock()
const clusterId = `${process.pid}-pods`
const IMAGE = 'kubette-test/pods:1'
const runtime = createDockerRuntime({ clusterId, nodeName: 'node-1', clock, log: silentLogger })
await joinTestNetwork(runtime, `p${process.pid}`)

const sh = (name: string, script: string, more: Partial<Container> = {}): Container =>
  podContainer(name, { image: IMAGE, command: ['sh', '-c', script], ...more })
const aPod = (name: string, spec: Parameters<typeof assignedPod>[1]) => assignedPod(name, spec, runUid(name))
/** Asks the server next door until it answers. The wait keeps its side open until the answer is in. */
const CLIENT =
  "cat /etc/hosts; until (printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 1) | nc 127.0.0.1 8080 | grep 200; do sleep 0.1; done; " +
  "(printf 'GET / HTTP/1.0\\r\\n\\r\\n'; sleep 1) | nc 127.0.0.1 8080; sleep 1000"
const FOREVER = 'trap "exit 0" TERM; sleep 1000 & wait'

/** One node, on which each test has Pods of its own. */
describe('PodManager on Docker', () => {
  let node = new AgentNode(runtime, clock, new NetworkProber({ runtime, clock }))

  beforeAll(() => loadTestImage({ reference: IMAGE, clusterId }))
  afterAll(async () => {
    node.manager.stop()
    await removeEverything({ clusterId, clock, log: silentLogger })
  })

  const until = async (condition: () => boolean | Promise<boolean>, seconds = 60) => {
    for (const end = clock.monotonic() + seconds * 1000; clock.monotonic() < end; await sleep(clock, 50)) {
      if (await condition()) return
    }
    throw new Error(`condition not met within ${seconds} s: ${JSON.stringify([...node.reports.values()])}`)
  }
  const isReady = (name: string) =>
    node.status(name)?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
  const status = (name: string, index = 0) => node.status(name)?.containerStatuses?.[index]
  const logs = async (name: string, request: Partial<LogsRequest> = {}) => {
    const server = new LogsServer({ runtime, pods: node.manager, clock, log: silentLogger })
    const stream = new MemoryStream()
    const defaults = { kind: 'logs', follow: false, previous: false, timestamps: false, container: 'web' } as const
    await server.serve({ ...defaults, podUid: runUid(name), ...request }, stream)
    return stream
  }
  const log = async (name: string, request: Partial<LogsRequest> = {}) => {
    const stream = await logs(name, request)
    expect(await stream.ended).toBeUndefined()
    return stream.text()
  }

  it.concurrent('lets the containers of a Pod share localhost, names and a volume', async () => {
    const volumeMounts = [{ name: 'site', mountPath: '/site' }]
    const script = 'hostname > /site/index.html; httpd -f -p 8080 -h /site & wait'
    const securityContext = { runAsUser: 1000, runAsGroup: 1000 }
    node.put(
      aPod('pair', {
        hostAliases: [{ ip: '192.0.2.7', hostnames: ['friend'] }],
        volumes: [{ name: 'site', emptyDir: {} }],
        containers: [sh('web', script, { volumeMounts, securityContext }), sh('client', CLIENT)],
      }),
    )
    await until(() => isReady('pair'))
    await until(async () => (await log('pair', { container: 'client' })).includes('\npair\n'), 30)
    expect(await log('pair', { container: 'client' })).toContain('192.0.2.7\tfriend')
    expect(node.status('pair')?.podIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
    node.delete('pair', 1)
    await until(() => node.isTerminated('pair'))
    expect(await runtime.list(runUid('pair'))).toEqual({ sandboxes: [], containers: [], volumes: [] })
  })

  it.concurrent('restarts what crashes, with a backoff, and keeps the log of the instance before', async () => {
    node.put(aPod('crash', { containers: [sh('web', 'echo I am $POD; exit 7', { env: podName })] }))
    await until(() => status('crash')?.state?.waiting?.reason === 'CrashLoopBackOff')
    expect(status('crash')).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 7, reason: 'Error' } },
    })
    expect(await log('crash')).toBe('I am crash\n')
    await until(() => status('crash')?.restartCount === 2)
    expect(await log('crash', { previous: true })).toBe('I am crash\n')
  })

  it.concurrent('does not see the Pods of another node on the same Docker', async () => {
    node.put(aPod('mine', { containers: [sh('web', FOREVER)] }))
    await until(() => isReady('mine'))
    const other = createDockerRuntime({ clusterId, nodeName: 'node-2', clock, log: silentLogger })
    expect(await other.list()).toEqual({ sandboxes: [], containers: [], volumes: [] })
  })

  it.concurrent('waits for the grace period before it kills', async () => {
    node.put(aPod('slow', { containers: [sh('web', 'trap "" TERM; sleep 1000')] }))
    await until(() => isReady('slow'))
    const begun = clock.monotonic()
    node.delete('slow', 3)
    await until(() => node.isTerminated('slow'))
    expect(clock.monotonic() - begun).toBeGreaterThan(2_900)
    expect(status('slow')?.state?.terminated).toMatchObject({ exitCode: 137, reason: 'Error' })
  })

  it.concurrent('says when a container was killed for its memory', async () => {
    const resources = { limits: { memory: '16Mi' } }
    const script = 'x=$(printf %01000000d 0); while true; do x=$x$x; done'
    // Docker itself misses one of twenty.
    const names = ['hungry-1', 'hungry-2', 'hungry-3']
    for (const name of names) {
      node.put(aPod(name, { restartPolicy: 'Never', containers: [sh('web', script, { resources })] }))
    }
    await until(() => names.every((name) => node.status(name)?.phase === 'Failed'))
    const ends = names.map((name) => status(name)?.state?.terminated)
    expect(ends).toContainEqual(expect.objectContaining({ reason: 'OOMKilled', exitCode: 137 }))
  })

  it.concurrent('says why a container cannot be run', async () => {
    const containers = [podContainer('web', { image: IMAGE, command: ['/no/such/file'] })]
    node.put(aPod('broken', { containers }))
    await until(() => status('broken')?.state?.waiting?.reason === 'RunContainerError')
    expect(status('broken')?.lastState?.terminated).toMatchObject({ reason: 'ContainerCannotRun', exitCode: 127 })
    expect(status('broken')?.state?.waiting?.message).toContain('/no/such/file')
  })

  it.concurrent('follows a log to the end of the container, and gives its tail', async () => {
    const script = 'for i in 1 2 3; do echo line $i; sleep 0.3; done'
    node.put(aPod('talk', { restartPolicy: 'Never', containers: [sh('web', script)] }))
    await until(() => status('talk')?.state?.running !== undefined || status('talk')?.state?.terminated !== undefined)
    expect(await log('talk', { follow: true })).toBe('line 1\nline 2\nline 3\n')
    expect(await log('talk', { tailLines: 1 })).toBe('line 3\n')
    expect(await log('talk', { limitBytes: 8 })).toBe('line 1\nl')
    expect(await log('talk', { tailLines: 1, timestamps: true })).toMatch(/^\d{4}-\S+Z line 3\n$/)
  })

  it.concurrent('makes a Pod ready when its readiness probe says so', async () => {
    const httpGet = { path: '/ok', port: 8080 }
    const readinessProbe = { httpGet, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 1 }
    const script = `mkdir /www; httpd -p 8080 -h /www; sleep 2; touch /www/ok; ${FOREVER}`
    node.put(aPod('probed', { containers: [sh('web', script, { readinessProbe })] }))
    await until(() => status('probed')?.state?.running !== undefined)
    expect(isReady('probed')).toBe(false)
    await until(() => isReady('probed'))
    expect(node.said()).toContain('Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 404')
  })

  it.concurrent('makes a new sandbox for one that somebody killed', async () => {
    node.put(aPod('again', { containers: [sh('web', FOREVER)] }))
    await until(() => isReady('again'))
    const { sandboxes } = await runtime.list(runUid('again'))
    await runtime.stopSandbox(sandboxes[0]?.id ?? '')
    await until(() => status('again')?.restartCount === 1 && isReady('again'))
    expect((await runtime.list(runUid('again'))).sandboxes).toHaveLength(1)
  })

  // Alone, since it is the end of the agent that has the other Pods.
  it('adopts what an earlier agent started, and removes what is not assigned any more', async () => {
    node.put(aPod('stays', { containers: [sh('web', FOREVER), sh('side', FOREVER)] }))
    node.put(aPod('goes', { containers: [sh('web', FOREVER)] }))
    await until(() => isReady('stays') && isReady('goes'))
    const before = (await runtime.list(runUid('stays'))).containers
    node.manager.stop()
    node = new AgentNode(runtime, clock)
    await sleep(clock, 500)
    expect((await runtime.list(runUid('stays'))).containers).toEqual(before)
    expect((await runtime.list(runUid('goes'))).containers).toHaveLength(1)
    node.put(aPod('stays', { containers: [sh('web', FOREVER), sh('side', FOREVER)] }))
    await until(async () => (await runtime.list(runUid('goes'))).sandboxes.length === 0)
    await until(() => isReady('stays'))
    expect((await runtime.list(runUid('stays'))).containers).toEqual(before)
  })
})

const podName = [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }]
