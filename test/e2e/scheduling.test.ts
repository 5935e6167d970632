import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Pod } from '../../shared/api/kinds.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { freePort, UpProcess } from '../support/kubette.ts'
import { eventually } from '../support/shell.ts'
import { FOREVER, shell, shellDeployment, shellPod } from '../support/shell-workloads.ts'
import { loadTestImage } from '../support/test-image.ts'

const up = new UpProcess(await freePort())
const user = new KubectlUser(up.kubeconfig)

beforeAll(async () => {
  await loadTestImage()
  await up.start('--no-example', '--nodes', '2')
})
afterAll(() => up.destroy())
afterEach(() => user.ok('delete', 'pods,deployments', '--all', '--wait=false'))

const onNode = (name: string) => ({ nodeSelector: { 'kubernetes.io/hostname': name } })
const isReady = (...names: string[]) =>
  user.ok('wait', '--for=condition=Ready', ...names.map((name) => `pod/${name}`), '--timeout=30s')

/** Why the Pod has no node, once that is known: as its condition has it, and its event, too. */
async function whyPending(name: string): Promise<string> {
  const refusal = ({ status }: Pod) =>
    status?.conditions?.find(({ type, reason }) => type === 'PodScheduled' && reason === 'Unschedulable')
  const pod = await user.podWhen(name, refusal)
  await user.hasEvents(name, /^FailedScheduling 0\/2 nodes are available: /)
  expect(await user.ok('get', 'pod', name)).toMatch(/ 0\/1 +Pending +0 /)
  return refusal(pod)?.message ?? ''
}

describe('the scheduler', () => {
  it('waits for a node with the labels that a Pod selects', async () => {
    await user.apply(shellPod('picky', FOREVER, { nodeSelector: { disk: 'ssd' } }))
    expect(await whyPending('picky')).toContain(
      "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
    )
    await user.ok('label', 'node', 'node-2', 'disk=ssd')
    await isReady('picky')
    expect((await user.json<Pod>('get', 'pod', 'picky')).spec.nodeName).toBe('node-2')
    await user.ok('label', 'node', 'node-2', 'disk-')
  })

  it('keeps Pods from tainted nodes, but for those that tolerate it', async () => {
    await user.ok('taint', 'nodes', '--all', 'only=db:NoSchedule')
    const tolerations = [{ key: 'only', value: 'db', effect: 'NoSchedule' }]
    await user.apply(shellPod('guest', FOREVER), shellPod('db', FOREVER, { tolerations }))
    expect(await whyPending('guest')).toContain('0/2 nodes are available: 2 node(s) had untolerated taint {only: db}.')
    await isReady('db')
    await user.ok('taint', 'nodes', '--all', 'only-')
    await isReady('guest')
  })

  it('evicts what does not tolerate a NoExecute taint', async () => {
    const tolerations = [{ key: 'leave', operator: 'Exists' }]
    await user.apply(
      shellPod('goes', FOREVER, onNode('node-1')),
      shellPod('stays', FOREVER, { ...onNode('node-1'), tolerations }),
    )
    await isReady('goes', 'stays')
    await user.ok('taint', 'node', 'node-1', 'leave=now:NoExecute')
    await user.ok('wait', '--for=delete', 'pod/goes', '--timeout=20s')
    await user.ok('taint', 'node', 'node-1', 'leave-')
    expect((await user.json<Pod>('get', 'pod', 'stays')).status?.phase).toBe('Running')
  })

  it('gives a port of a node to one Pod only', async () => {
    const hostPort = await freePort()
    const server = (answer: string) =>
      shell(`mkdir /www; echo ${answer} > /www/index.html; exec httpd -f -p 8080 -h /www`, {
        ports: [{ containerPort: 8080, hostPort }],
      })
    await user.apply(shellPod('holder', [server('holder')], onNode('node-1')))
    await isReady('holder')
    await user.apply(shellPod('heir', [server('heir')], onNode('node-1')))
    const why = await whyPending('heir')
    expect(why).toContain("1 node(s) didn't have free ports for the requested pod ports")
    expect(why).toContain("1 node(s) didn't match Pod's node affinity/selector")
    const answer = async () => (await fetch(`http://127.0.0.1:${hostPort}/`)).text()
    expect(await eventually('an answer', answer, 10_000)).toBe('holder\n')
    await user.ok('delete', 'pod', 'holder')
    await isReady('heir')
    expect(await eventually('an answer', answer, 10_000)).toBe('heir\n')
  })

  it('gives the place of a Pod to one of higher priority', async () => {
    await user.ok('create', 'priorityclass', 'urgent', '--value=1000')
    const holding = [shell(FOREVER, { ports: [{ containerPort: 8080, hostPort: await freePort() }] })]
    await user.apply(shellPod('yields', holding, { ...onNode('node-1'), terminationGracePeriodSeconds: 1 }))
    await isReady('yields')
    await user.apply(shellPod('urgent', holding, { ...onNode('node-1'), priorityClassName: 'urgent' }))
    await user.hasEvents('yields', /^Preempted Preempted by pod \S+ on node node-1$/)
    await isReady('urgent')
    expect(await user.ok('get', 'pods', '-o', 'name')).not.toContain('pod/yields')
  })

  it('counts requests, and says which resource is short', async () => {
    const asks = (requests: Record<string, string>) => [shell(FOREVER, { resources: { requests } })]
    await user.apply(
      shellPod('whale', asks({ cpu: '100' })),
      shellPod('hoard', asks({ memory: '100Ti' })),
      shellPod('fits', asks({ cpu: '300m' }), onNode('node-1')),
    )
    expect(await whyPending('whale')).toContain('0/2 nodes are available: 2 Insufficient cpu.')
    expect(await whyPending('hoard')).toContain('0/2 nodes are available: 2 Insufficient memory.')
    await isReady('fits')
    expect(await user.ok('describe', 'node', 'node-1')).toMatch(/^ +cpu +300m \(\d+%\) +0 \(0%\)$/m)
  })

  it('spreads the Pods of a Deployment, and leaves a cordoned node alone', async () => {
    await user.apply(shellDeployment('spread', 4))
    await user.ok('rollout', 'status', 'deploy/spread', '--timeout=40s')
    const nodes = async () => {
      const names = await user.ok('get', 'pods', '-l', 'app=spread', '-o', 'jsonpath={.items[*].spec.nodeName}')
      return names.split(' ').sort()
    }
    expect(await nodes()).toEqual(['node-1', 'node-1', 'node-2', 'node-2'])
    await user.ok('cordon', 'node-1')
    await user.ok('scale', 'deploy/spread', '--replicas=6')
    await user.ok('rollout', 'status', 'deploy/spread', '--timeout=40s')
    expect((await nodes()).filter((name) => name === 'node-2')).toHaveLength(4)
    await user.ok('uncordon', 'node-1')
  })
})
