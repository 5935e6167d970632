import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Node, Pod } from '../../shared/api/generated/core-v1.ts'
import { parseMilliNumber } from '../../shared/quantity.ts'
import { needsLimits } from '../support/docker-limits.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, KUBETTE, kubette } from '../support/kubette.ts'
import { eventually, run } from '../support/shell.ts'
import { FOREVER, shell, shellPod } from '../support/shell-workloads.ts'
import { loadTestImage } from '../support/test-image.ts'

/** One node with devices and limits of its own, and Pods that use them, or too much of them. */
const dataDir = mkdtempSync(join(tmpdir(), 'kubette-resources-'))
const user = new KubectlUser(join(dataDir, 'kubeconfig'))
const children: ChildProcess[] = []
let agent: ChildProcess
let url = ''

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [KUBETTE, ...args], { stdio: 'ignore' })
  children.push(child)
  return child
}

function startAgent(...more: string[]): ChildProcess {
  const offer = ['--resource', 'example.com/token=2', '--device', 'example.com/dongle=/dev/zero:/dev/dongle:r']
  const where = ['--server', url, '--name', 'n1', '--data', join(dataDir, 'n1')]
  return start(
    'agent',
    ...where,
    '--token-file',
    join(dataDir, 'token'),
    '--system-reserved',
    'cpu=100m',
    ...offer,
    ...more,
  )
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

beforeAll(async () => {
  await loadTestImage()
  const port = await freePort()
  url = `https://127.0.0.1:${port}`
  start(
    'server',
    '--data',
    dataDir,
    '--port',
    String(port),
    '--cluster-cidr',
    '10.36.0.0/16',
    '--service-cidr',
    '10.37.0.0/16',
  )
  await eventually('the API', async () => (await user.try(['get', 'namespaces'])).code === 0)
  await run('sh', ['-c', `'${process.execPath}' '${KUBETTE}' token create --data '${dataDir}' > '${dataDir}/token'`])
  agent = startAgent()
  await eventually(
    'the node',
    async () => (await user.try(['wait', '--for=condition=Ready', 'node/n1', '--timeout=1s'])).code === 0,
  )
  await user.apply(
    // Docker itself misses one now and then.
    shellPod(
      'greedy',
      ['one', 'two', 'three'].map((name) => ({ ...limited('tail /dev/zero', { memory: '16Mi' }), name })),
      { restartPolicy: 'Never' },
    ),
    shellPod('steady', [
      shell(`while :; do :; done`, {
        resources: { requests: { cpu: '100m', memory: '32Mi' }, limits: { cpu: '200m', memory: '32Mi' } },
      }),
    ]),
    shellPod('holder', [
      limited(`head -c 4 /dev/dongle > /tmp/x && echo read; ${FOREVER}`, { 'example.com/dongle': '1' }),
    ]),
    shellPod('rival', [limited(FOREVER, { 'example.com/dongle': '1' })]),
    shellPod('tokens', [limited(FOREVER, { 'example.com/token': '3' })]),
    shellPod(
      'writer',
      [
        shell(`head -c 3000k /dev/zero > /data/x; ${FOREVER}`, {
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        }),
      ],
      {
        volumes: [{ name: 'data', emptyDir: { sizeLimit: '1Mi' } }],
      },
    ),
  )
})

afterAll(async () => {
  for (const child of [...children].reverse()) await end(child)
  await kubette('down', '--data', dataDir)
  rmSync(dataDir, { recursive: true, force: true })
})

function limited(script: string, limits: Record<string, string>) {
  return shell(script, { resources: { limits } })
}

const pod = (name: string) => user.json<Pod>('get', 'pod', name)
const waitFor = (name: string, path: string, value: string) =>
  user.ok('wait', `pod/${name}`, `--for=jsonpath={${path}}=${value}`, '--timeout=60s')

describe('resources of a node', () => {
  it('are offered without what is reserved', async () => {
    const { status } = await user.json<Node>('get', 'node', 'n1')
    expect(status?.capacity).toMatchObject({ 'example.com/token': '2', 'example.com/dongle': '1' })
    // What other tests run on this Docker has its part, too.
    const allocatable = parseMilliNumber(status?.allocatable?.cpu ?? '0')
    expect(allocatable).toBeLessThanOrEqual(Number(status?.capacity?.cpu) * 1000 - 100)
  })

  it('are not given twice: a device is one container’s', async () => {
    await waitFor('holder', '.status.phase', 'Running')
    await eventually('the device is read', async () => (await user.ok('logs', 'holder')) === 'read')
    const why = async (name: string) =>
      (await pod(name)).status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message
    expect(await why('rival')).toContain('Insufficient example.com/dongle')
    expect(await why('tokens')).toContain('Insufficient example.com/token')
    await user.ok('delete', 'pod', 'holder', '--now')
    await waitFor('rival', '.status.phase', 'Running')
  })

  it('are given to a critical Pod, for which another has to go', async () => {
    const critical = { nodeName: 'n1', priorityClassName: 'system-node-critical' }
    await user.apply(shellPod('critical', [limited(FOREVER, { 'example.com/dongle': '1' })], critical))
    await waitFor('rival', '.status.reason', 'Preempting')
    await waitFor('critical', '.status.phase', 'Running')
  })
})

describe('a container', () => {
  it('is killed for want of memory', async (context) => {
    await needsLimits(context, 'MemoryLimit', 'SwapLimit')
    await waitFor('greedy', '.status.phase', 'Failed')
    const ends = (await pod('greedy')).status?.containerStatuses?.map(({ state }) => state?.terminated)
    expect(ends).toContainEqual(expect.objectContaining({ reason: 'OOMKilled', exitCode: 137 }))
  })

  it('is resized while it runs', async (context) => {
    await needsLimits(context, 'MemoryLimit', 'CpuCfsQuota')
    await waitFor('steady', '.status.phase', 'Running')
    const resources = { requests: { cpu: '150m', memory: '48Mi' }, limits: { cpu: '300m', memory: '64Mi' } }
    const patch = JSON.stringify({
      spec: { containers: [{ name: (await pod('steady')).spec?.containers[0]?.name, resources }] },
    })
    await user.ok('patch', 'pod', 'steady', '--subresource', 'resize', '--patch', patch)
    await waitFor('steady', '.status.containerStatuses[0].resources.limits.memory', '64Mi')
    const { status } = await pod('steady')
    expect(status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 0,
      resources,
      allocatedResources: resources.requests,
    })
    expect(
      await user.refused(
        'patch',
        'pod',
        'steady',
        '--subresource',
        'resize',
        '--patch',
        patch.replace('300m', '150m').replaceAll('64Mi', '48Mi'),
      ),
    ).toContain('Pod QOS Class may not change as a result of resizing')
  })

  it('is seen in kubectl top', async () => {
    await waitFor('steady', '.status.phase', 'Running')
    expect(await user.ok('top', 'pod', 'steady', '--containers', '--no-headers')).toMatch(
      /^steady\s+\S+\s+\d+m\s+\d+Mi$/,
    )
    expect(await user.ok('top', 'node', '--no-headers')).toMatch(/^n1\s+\d+m\s+\d+%\s+\d+Mi\s+\d+%$/)
  })
})

describe('eviction', () => {
  it('ends a Pod that writes more than it may', async () => {
    await waitFor('writer', '.status.reason', 'Evicted')
    expect((await pod('writer')).status).toMatchObject({
      phase: 'Failed',
      message: 'Usage of EmptyDir volume "data" exceeds the limit "1Mi". ',
    })
  })

  it('ends Pods where the node is short of memory', async () => {
    await waitFor('steady', '.status.phase', 'Running')
    await end(agent)
    agent = startAgent('--eviction-hard', 'memory.available<100%')
    await waitFor('steady', '.status.reason', 'Evicted')
    const { status } = await pod('steady')
    expect(status?.message).toMatch(
      /^The node was low on resource: memory\. Threshold quantity: \S+, available: \S+\. /,
    )
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'TerminationByKubelet' }),
    )
    const { spec, status: node } = await user.json<Node>('get', 'node', 'n1')
    expect(node?.conditions).toContainEqual(expect.objectContaining({ type: 'MemoryPressure', status: 'True' }))
    expect(spec?.taints).toContainEqual(expect.objectContaining({ key: 'node.kubernetes.io/memory-pressure' }))
    await user.hasEvents('n1', /Node n1 status is now: NodeHasInsufficientMemory/)
  })
})
