import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { busyMsOf } from '../../agent/network/drain/connection-rest.ts'
import { SandboxConnections } from '../../agent/network/drain/sandbox-connections.ts'
import { DockerApi } from '../../agent/runtime/docker/docker-api.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { pauseReference } from '../../agent/runtime/docker/pause-image.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import type { ContainerSpec, PodIdentity, SandboxSpec } from '../../agent/runtime/runtime.ts'
import { sleep, systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { needsLimits } from '../support/docker-limits.ts'
import { loadTestImage } from '../support/test-image.ts'
import { joinTestNetwork } from '../support/test-pod-network.ts'

const clock = systemClock()
const clusterId = `${process.pid}-features`
const other = `${process.pid}-other`
const IMAGE = `kubette-test/features:${process.pid}`
const { signal } = new AbortController()
const log = silentLogger
const docker = new DockerApi({}, clock)
const runtime = createDockerRuntime({ clusterId, nodeName: 'node-1', clock, log })
const network = await joinTestNetwork(runtime, `f${process.pid}`)
const pod: PodIdentity = { uid: `feature${process.pid}-0000`, namespace: 'default', name: 'pod' }

describe('Docker runtime', () => {
  let imageId = ''

  beforeAll(async () => {
    const groups = 'app:x:1000:\nkeys:x:50000:app\n'
    await loadTestImage({ reference: IMAGE, clusterId, groups, stopSignal: '10' })
    imageId = (await runtime.inspectImage(IMAGE))?.id ?? ''
  })
  afterEach(async () => {
    const { containers, sandboxes } = await runtime.list()
    for (const { id } of [...containers, ...sandboxes]) await runtime.removeContainer(id)
    await runtime.removeVolumes(pod.uid)
  })
  afterAll(async () => {
    for (const each of [clusterId, other]) await removeEverything({ clusterId: each, clock, log })
  })

  const sandbox = (more: Partial<SandboxSpec> = {}) =>
    runtime.runSandbox({ pod, hostname: 'pod', hosts: [], ports: [], hostNetwork: false, volumes: [], ...more })
  const start = async (sandboxId: string, script: string, more: Partial<ContainerSpec> = {}) => {
    const id = await runtime.createContainer({
      ...{ pod, sandboxId, name: 'web', restartCount: 0, specHash: 'h', image: IMAGE, imageId },
      ...{
        env: [],
        resources: {},
        oomScoreAdj: 0,

        tty: false,
        stdin: false,
        stdinOnce: false,
        mounts: [],
        annotations: {},
      },
      command: ['sh', '-c', script],
      ...more,
    })
    await runtime.startContainer(id)
    return id
  }
  const exited = async (id: string) => {
    for (let tries = 0; tries < 200; tries++) {
      const found = (await runtime.list(pod.uid)).containers.find((container) => container.id === id)
      if (found?.state.phase === 'exited') return found.state
      await sleep(clock, 50)
    }
    throw new Error('it did not exit')
  }
  const outputOf = async (id: string) => {
    await exited(id)
    return text(await runtime.logs(id, { follow: false, timestamps: false }, new AbortController().signal))
  }
  const print = async (sandboxId: string, script: string, more: Partial<ContainerSpec> = {}) =>
    outputOf(await start(sandboxId, script, more))
  const inspect = (id: string) =>
    docker.json<{ Name: string; HostConfig: object }>({ method: 'GET', path: `/containers/${id}/json` })

  it('sees when the connections to a port of a Pod are at rest', async () => {
    const ports = [{ containerPort: 8080, hostPort: 18_081, hostIP: '127.0.0.1', protocol: 'TCP' as const }]
    const { id } = await sandbox({ ports })
    await start(id, 'nc -ll -p 8080 -e cat')
    const relay = await runtime.openSockets(id, new AbortController().signal)
    const connections = new SandboxConnections(async () => relay)
    const busyMs = (port: number) => connections.list(id, new Set([port])).then(busyMsOf)
    expect(await busyMs(8080)).toBe(0)
    const client = await echoing(18_081)
    expect(await busyMs(8080)).toBeGreaterThan(0)
    expect(await busyMs(8081)).toBe(0)
    await sleep(clock, 1_100)
    expect(await busyMs(8080)).toBe(0)
    client.write('again')
    await once(client, 'data')
    expect(await busyMs(8080)).toBeGreaterThan(0)
    client.destroy()
    relay.close()
  })

  it('publishes a port of the machine', async () => {
    const ports = [{ containerPort: 8080, hostPort: 18_080, hostIP: '127.0.0.1', protocol: 'TCP' as const }]
    const { id } = await sandbox({ ports })
    await start(id, 'echo hello > /tmp/index.html; httpd -f -p 8080 -h /tmp')
    const fetch = () =>
      new Promise<string>((resolve) => {
        const request = get('http://127.0.0.1:18080/', (response) => void text(response).then(resolve))
        request.on('error', () => resolve(''))
      })
    let body = ''
    for (let tries = 0; body === '' && tries < 50; tries++) {
      body = await fetch()
      if (body === '') await sleep(clock, 100)
    }
    expect(body).toBe('hello\n')
  })

  it('gives a Pod the machine’s network where it asks for it', async () => {
    const hosts = [{ ip: '192.0.2.7', hostnames: ['nas'] }]
    const namespaces = { processes: 'container', ipc: 'pod', hostname: 'node' } as const
    const { id, ip } = await sandbox({ hostNetwork: true, hosts, namespaces })
    expect(ip).toBeUndefined()
    const script = 'readlink /proc/self/ns/uts; hostname; ip -o link; cat /etc/hosts'
    const seen = await print(id, script, { namespaces })
    expect(seen).toMatch(`${readlinkSync('/proc/self/ns/uts')}\n${hostname()}\n`)
    expect(seen).toContain('docker0')
    expect(seen).toMatch(
      /\n# Kubernetes-managed hosts file \(host network\)\.\n(.*\n)*127\.0\.0\.1\s.*\n(.*\n)*192\.0\.2\.7\tnas\n/,
    )
  })

  it('lets any user write to volumes, of disk and of memory', async () => {
    const volumes = [
      { name: 'd', medium: 'disk' as const },
      { name: 'm', medium: 'memory' as const, sizeLimitBytes: 2 ** 20 },
    ]
    const { id } = await sandbox({ volumes })
    const mounts = [
      { volume: 'd', mountPath: '/d', readOnly: false },
      { volume: 'm', mountPath: '/m', readOnly: false },
    ]
    const securityContext = { user: '1000:1000' }
    await print(id, 'echo disk > /d/x; echo memory > /m/x', { mounts, securityContext })
    const readOnly = mounts.map((mount) => ({ ...mount, readOnly: true }))
    const script = 'cat /d/x /m/x; stat -c %a /d; touch /d/y 2>&1; grep " /m " /proc/mounts'
    const output = await print(id, script, { restartCount: 1, mounts: readOnly })
    expect(output).toContain('disk\nmemory\n777\n')
    expect(output).toContain('Read-only file system')
    expect(output).toContain('size=1024k')
  })

  it('runs a container as its spec says', async () => {
    const { id } = await sandbox()
    const spec = {
      env: [{ name: 'X', value: 'a b=c' }],
      workingDir: '/tmp',
      args: ['one', 'two'],
      securityContext: {
        user: '7:8',
        supplementalGroups: [9],
        readOnlyRootFilesystem: true,
        dropCapabilities: ['ALL'],
        noNewPrivileges: true,
      },
    }
    const script = 'echo "$X"; echo $0 $1; id; touch /x 2>&1; grep -E "CapEff|NoNewPrivs" /proc/self/status; exec env'
    const output = await print(id, `cd .; ${script}; `, spec)
    expect(output).toContain('a b=c\none two\n')
    expect(output).toContain('uid=7 gid=8 groups=8,9')
    expect(output).toContain('Read-only file system')
    expect(output).toMatch(/CapEff:\s+0+\nNoNewPrivs:\s+1/)
    expect(output).toContain('PWD=/tmp')
  })

  it('joins the groups that the image names, with whatever group of its own, unless told not to', async () => {
    const { id } = await sandbox()
    const groupsOf = (restartCount: number, securityContext: ContainerSpec['securityContext']) =>
      print(id, 'id -u; id -G', { restartCount, securityContext })
    const supplementalGroups = [4000]
    const ignoresImageGroups = true
    expect(
      await Promise.all([
        groupsOf(0, { user: '1000:3000', supplementalGroups }),
        groupsOf(1, { user: '1000', supplementalGroups }),
        groupsOf(2, { user: '1000:3000', supplementalGroups, ignoresImageGroups }),
        groupsOf(3, { user: 'app', supplementalGroups, ignoresImageGroups }),
      ]),
    ).toEqual([
      '1000\n3000 4000 50000\n',
      expect.stringMatching(/^1000\n1000 (4000 50000|50000 4000)\n$/),
      '1000\n3000 4000\n',
      '1000\n1000 4000\n',
    ])
    expect((await runtime.list(pod.uid)).containers.find(({ restartCount }) => restartCount === 0)?.user).toEqual({
      ...{ uid: 1000, gid: 3000 },
      supplementalGroups: [3000, 4000, 50000],
    })
  })

  it('limits CPU and memory, leaves restarts to the agent, and bounds the log', async () => {
    const { id } = await sandbox()
    const resources = { cpuShares: 256, cpuLimitMilli: 500, memoryLimitBytes: 64 * 2 ** 20 }
    const container = await start(id, 'sleep 1000', { resources, oomScoreAdj: 321 })
    const { Name, HostConfig } = await inspect(container)
    expect(Name).toBe(`/kubette_web_pod_default_${pod.uid.slice(0, 8)}_0`)
    expect(HostConfig).toMatchObject({
      CpuShares: 256,
      CpuQuota: 50_000,
      CpuPeriod: 100_000,
      Memory: 64 * 2 ** 20,
      MemorySwap: 64 * 2 ** 20,
      OomScoreAdj: 321,
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    })
  })

  it('tells of a container that the kernel ended for want of memory', async (context) => {
    await needsLimits(context, 'MemoryLimit', 'SwapLimit')
    const { id } = await sandbox()
    const greedy = await start(id, 'tail /dev/zero', { resources: { memoryLimitBytes: 16 * 2 ** 20 } })
    expect(await exited(greedy)).toMatchObject({ exitCode: 137, oomKilled: true })
  })

  it('removes an image that nothing uses, by the name that was given it', async () => {
    const reference = `kubette-test/unused:${process.pid}`
    await loadTestImage({ reference, clusterId, user: '7' })
    const id = (await runtime.inspectImage(reference))?.id ?? ''
    expect(await runtime.removeImage(reference, imageId)).toBe('other')
    expect(await runtime.removeImage(reference, id)).toBe('removed')
    expect(await runtime.inspectImage(id)).toBeUndefined()
  })

  it.each([
    ['the container', { stopSignal: 'SIGUSR2' }, 'SIGUSR2', 5],
    ['its image', {}, 'SIGUSR1', 4],
  ])('sends the stop signal that %s names, and tells which', async (_who, more, told, exitCode) => {
    const { id } = await sandbox()
    const script = 'trap "exit 4" USR1; trap "exit 5" USR2; echo ready; sleep 1000 & wait'
    const container = await start(id, script, more)
    expect((await runtime.list(pod.uid)).containers[0]?.stopSignal).toBe(told)
    for await (const _ of await runtime.logs(container, { follow: true, timestamps: false }, signal)) break
    await runtime.stopContainer(container)
    expect(await exited(container)).toMatchObject({ exitCode })
  })

  it('gives the log of a container with a terminal as it is', async () => {
    const { id } = await sandbox()
    expect(await print(id, 'echo hello', { tty: true })).toBe('hello\r\n')
  })

  it('makes its network and pause image again when somebody removed them', async () => {
    const first = await sandbox()
    await runtime.removeSandbox(first.id)
    await docker.json({ method: 'DELETE', path: `/networks/${network.name}` })
    await docker.json({ method: 'DELETE', path: `/images/${pauseReference(clusterId)}` })
    expect((await sandbox()).running).toBe(true)
  })

  it('makes one network for many Pods that come at once', async () => {
    const fresh = createDockerRuntime({ clusterId, nodeName: 'node-2', clock, log })
    await fresh.ensurePodNetwork(network)
    const base = { hostname: 'x', hosts: [], ports: [], hostNetwork: false, volumes: [] }
    const pods = ['1', '2', '3'].map((n) => ({ uid: `${n}${pod.uid}`, namespace: 'default', name: `p${n}` }))
    const states = await Promise.all(pods.map((each) => fresh.runSandbox({ pod: each, ...base })))
    expect(new Set(states.map(({ ip }) => ip)).size).toBe(3)
    for (const { id } of states) await fresh.removeSandbox(id)
  })

  it('removes everything of one cluster and nothing of another', async () => {
    const theirs = createDockerRuntime({ clusterId: other, nodeName: 'node-1', clock, log })
    await joinTestNetwork(theirs, `o${process.pid}`)
    const base = { hostname: 'x', hosts: [], ports: [], hostNetwork: false }
    const theirPod = { ...pod, uid: `other${process.pid}` }
    await theirs.runSandbox({ ...base, pod: theirPod, volumes: [{ name: 'v', medium: 'disk' }] })
    await sandbox()
    const removed = await removeEverything({ clusterId: other, clock, log })
    expect(removed).toEqual({ containers: 1, networks: 1, volumes: 1, images: 1 })
    expect(await theirs.list()).toEqual({ sandboxes: [], containers: [], volumes: [] })
    expect((await runtime.list()).sandboxes).toHaveLength(1)
    expect(await removeEverything({ clusterId: other, clock, log })).toEqual({
      containers: 0,
      networks: 0,
      volumes: 0,
      images: 0,
    })
    await expect(removeEverything({ clusterId: '', clock, log })).rejects.toThrow()
  })
})

/** A connection to somebody who sends back what he gets, as soon as there is somebody. */
async function echoing(port: number): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = connect(port, '127.0.0.1')
    socket.write('hello')
    const heard = await Promise.race([
      once(socket, 'data').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    if (heard) return socket
    socket.destroy()
    if (tries === 50) throw new Error(`nobody echoes on port ${port}`)
    await sleep(clock, 50)
  }
}
