import { describe, expect, it } from 'vitest'
import { strategyOf } from '../../../../controlplane/registry/strategies/index.ts'
import { humanDuration } from '../../../../controlplane/registry/tables/human-duration.ts'
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  ENDPOINTS,
  EVENTS,
  KINDS,
  type Kind,
  NODES,
  PODS,
  REPLICA_SETS,
  SECRETS,
  SERVICES,
} from '../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../shared/api/object.ts'

const NOW = Date.UTC(2030, 0, 1)
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()

function row(kind: Kind, object: object, priority = 0): (string | number | boolean)[] {
  const metadata = { name: 'x', creationTimestamp: ago(90), ...(object as KubeObject).metadata }
  const persisted = { ...object, metadata } as never
  return strategyOf(kind)
    .columns.filter((column) => column.priority === priority)
    .map(({ cell }) => cell(persisted, NOW))
}

describe('humanDuration', () => {
  it.each([
    [-3, '<invalid>'],
    [-2, '<invalid>'],
    [-1.5, '0s'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [125, '2m5s'],
    [599, '9m59s'],
    [600, '10m'],
    [3 * 3600 - 1, '179m'],
    [3 * 3600, '3h'],
    [6 * 3600 + 15 * 60, '6h15m'],
    [8 * 3600 + 59 * 60, '8h'],
    [47 * 3600, '47h'],
    [48 * 3600, '2d'],
    [7 * 86400 + 5 * 3600, '7d5h'],
    [8 * 86400 + 5 * 3600, '8d'],
    [2 * 365 * 86400 - 1, '729d'],
    [2 * 365 * 86400, '2y'],
    [3 * 365 * 86400 + 86400, '3y1d'],
    [9 * 365 * 86400 + 86400, '9y'],
  ])('shows %d seconds as %s', (seconds, text) => {
    expect(humanDuration(seconds * 1000)).toBe(text)
  })
})

describe('services', () => {
  const ports = [
    { port: 80, protocol: 'TCP' },
    { port: 53, nodePort: 30_053, protocol: 'UDP' },
  ]

  it.each([
    [{ type: 'ClusterIP', clusterIPs: ['10.43.0.9'], ports }, ['10.43.0.9', '<none>', '80/TCP,53:30053/UDP']],
    [
      { type: 'ClusterIP', clusterIPs: ['None'], externalIPs: ['192.0.2.1', '192.0.2.2'] },
      ['None', '192.0.2.1,192.0.2.2', '<none>'],
    ],
    [{ type: 'ExternalName', externalName: 'example.com' }, ['<none>', 'example.com', '<none>']],
    [{ type: 'LoadBalancer', clusterIPs: ['10.43.0.9'], ports }, ['10.43.0.9', '<pending>', '80/TCP,53:30053/UDP']],
  ])('show how they are reached: %j', (spec, cells) => {
    expect(row(SERVICES, { spec })).toEqual(['x', spec.type, ...cells, '90s'])
  })

  it('show where a load balancer is', () => {
    const ingress = [{ ip: '192.0.2.9' }, { hostname: 'lb' }, { ip: '192.0.2.10' }]
    const service = {
      spec: { type: 'LoadBalancer', selector: { b: '2', a: '1' } },
      status: { loadBalancer: { ingress } },
    }
    expect(row(SERVICES, service)[3]).toBe('192.0.2.10,192.0.2.9,lb')
    expect(row(SERVICES, service, 1)).toEqual(['a=1,b=2'])
  })

  it('show the first endpoints', () => {
    const addresses = [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }]
    const two = [{ port: 80 }, { port: 81 }]
    expect(row(ENDPOINTS, { subsets: [{ addresses, ports: two }] })[1]).toBe(
      '10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more...',
    )
    expect(row(ENDPOINTS, { subsets: [{ addresses }] })[1]).toBe('10.0.0.1,10.0.0.2')
    expect(row(ENDPOINTS, {})[1]).toBe('<none>')
    const endpoints = [{ addresses: ['10.0.0.1'] }]
    expect(row(ENDPOINT_SLICES, { addressType: 'IPv4', ports: two, endpoints })).toEqual([
      'x',
      'IPv4',
      '80,81',
      '10.0.0.1',
      '90s',
    ])
    expect(row(ENDPOINT_SLICES, { addressType: 'IPv4' })).toEqual(['x', 'IPv4', '<unset>', '<unset>', '90s'])
  })
})

describe('pods', () => {
  const running = { ready: true, restartCount: 0, state: { running: {} } }
  const waiting = (reason: string, restartCount = 0) => ({ ready: false, restartCount, state: { waiting: { reason } } })
  const ended = (exitCode: number, more = {}) => ({
    ready: false,
    restartCount: 0,
    state: { terminated: { exitCode, ...more } },
  })
  const pod = (status: object, more: { spec?: object; metadata?: object } = {}) => ({
    metadata: { ...more.metadata },
    spec: { containers: [{ name: 'a' }, { name: 'b' }], ...more.spec },
    status: { phase: 'Running', ...status },
  })
  const shown = (status: object, more = {}) => row(PODS, pod(status, more)).slice(1, 4)
  const init = { spec: { initContainers: [{ name: 'i' }, { name: 'j' }] } }
  const sidecar = { spec: { initContainers: [{ name: 'i', restartPolicy: 'Always' }] } }
  const restarted = { ...running, restartCount: 2, lastState: { terminated: { exitCode: 1, finishedAt: ago(300) } } }
  const ready = [{ type: 'Ready', status: 'True' }]

  it.each<[string, (string | number)[], object, object?]>([
    ['pending', ['0/2', 'Pending', '0'], { phase: 'Pending' }],
    ['running', ['2/2', 'Running', '0'], { containerStatuses: [running, running] }],
    ['restarted', ['2/2', 'Running', '2 (5m ago)'], { containerStatuses: [running, restarted] }],
    ['crashing', ['1/2', 'CrashLoopBackOff', '3'], { containerStatuses: [running, waiting('CrashLoopBackOff', 3)] }],
    ['the first that says something', ['0/2', 'A', '0'], { containerStatuses: [waiting('A'), waiting('B')] }],
    [
      'completed',
      ['0/2', 'Completed', '0'],
      { phase: 'Succeeded', containerStatuses: [ended(0, { reason: 'Completed' })] },
    ],
    ['half done', ['1/2', 'NotReady', '0'], { containerStatuses: [ended(0, { reason: 'Completed' }), running] }],
    [
      'half done, ready',
      ['1/2', 'Running', '0'],
      { conditions: ready, containerStatuses: [ended(0, { reason: 'Completed' }), running] },
    ],
    ['exit code', ['0/2', 'ExitCode:3', '0'], { containerStatuses: [ended(3)] }],
    ['signal', ['0/2', 'Signal:9', '0'], { containerStatuses: [ended(137, { signal: 9 })] }],
    ['evicted', ['0/2', 'Evicted', '0'], { phase: 'Failed', reason: 'Evicted' }],
    [
      'gated',
      ['0/2', 'SchedulingGated', '0'],
      { phase: 'Pending', conditions: [{ type: 'PodScheduled', reason: 'SchedulingGated' }] },
    ],
    ['init', ['0/2', 'Init:1/2', '0'], { initContainerStatuses: [ended(0), running] }, init],
    ['init fails', ['0/2', 'Init:Error', '0'], { initContainerStatuses: [ended(1, { reason: 'Error' })] }, init],
    ['init exit code', ['0/2', 'Init:ExitCode:1', '0'], { initContainerStatuses: [ended(1)] }, init],
    ['init waits', ['0/2', 'Init:ErrImagePull', '0'], { initContainerStatuses: [waiting('ErrImagePull')] }, init],
    ['init about to start', ['0/2', 'Init:0/2', '0'], { initContainerStatuses: [waiting('PodInitializing')] }, init],
    [
      'init over',
      ['2/2', 'Running', '0'],
      { initContainerStatuses: [ended(0), ended(0)], containerStatuses: [running, running] },
      init,
    ],
    [
      'sidecar',
      ['3/3', 'Running', '0'],
      { initContainerStatuses: [{ ...running, name: 'i', started: true }], containerStatuses: [running, running] },
      sidecar,
    ],
    [
      'ending',
      ['1/2', 'Terminating', '0'],
      { containerStatuses: [running] },
      { metadata: { deletionTimestamp: ago(1) } },
    ],
    ['lost', ['0/2', 'Unknown', '0'], { reason: 'NodeLost' }, { metadata: { deletionTimestamp: ago(1) } }],
  ])('%s', (_, cells, status, more) => {
    expect(shown(status, more)).toEqual(cells)
  })

  it('have more to say in a wide table', () => {
    const gates = { spec: { readinessGates: [{ conditionType: 'x' }, { conditionType: 'y' }], nodeName: 'n1' } }
    const conditions = [{ type: 'x', status: 'True' }]
    expect(row(PODS, pod({ podIP: '10.1.2.3', conditions }, gates), 1)).toEqual(['10.1.2.3', 'n1', '<none>', '1/2'])
    expect(row(PODS, pod({}), 1)).toEqual(['<none>', '<none>', '<none>', '<none>'])
  })
})

describe('the other kinds', () => {
  it('begin with a name and tell their age, except events', () => {
    for (const kind of KINDS.filter(({ kind }) => kind !== 'Event')) {
      const { columns } = strategyOf(kind)
      expect(columns[0]).toMatchObject({ name: 'Name', format: 'name', priority: 0 })
      expect(columns.map(({ name }) => name)).toContain('Age')
    }
  })

  it('nodes', () => {
    const node = {
      metadata: { labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: {
          kubeletVersion: 'v1',
          osImage: 'Debian',
          kernelVersion: '6.1',
          containerRuntimeVersion: 'docker://20',
        },
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      },
    }
    expect(row(NODES, node)).toEqual(['x', 'Ready,SchedulingDisabled', 'control-plane,worker', '90s', 'v1'])
    expect(row(NODES, node, 1)).toEqual(['10.0.0.1', '<none>', 'Debian', '6.1', 'docker://20'])
    expect(row(NODES, { spec: {} })).toEqual(['x', 'Unknown', '<none>', '90s', ''])
    const lost = { spec: {}, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }
    expect(row(NODES, lost)[1]).toBe('NotReady')
  })

  it('workloads', () => {
    const spec = {
      replicas: 3,
      selector: {
        matchLabels: { b: '1' },
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['y', 'x'] },
          { key: 'c', operator: 'DoesNotExist' },
        ],
      },
      template: {
        spec: {
          containers: [
            { name: 'm', image: 'i:1' },
            { name: 'n', image: 'j:2' },
          ],
        },
      },
    }
    const status = { replicas: 3, readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 }
    expect(row(DEPLOYMENTS, { spec, status })).toEqual(['x', '2/3', 1, 2, '90s'])
    expect(row(REPLICA_SETS, { spec, status })).toEqual(['x', 3, 3, 2, '90s'])
    expect(row(DEPLOYMENTS, { spec }, 1)).toEqual(['m,n', 'i:1,j:2', 'a in (x,y),b=1,!c'])
  })

  it('events', () => {
    const event = {
      involvedObject: { kind: 'Pod', name: 'a', fieldPath: 'spec.containers{m}' },
      type: 'Warning',
      reason: 'BackOff',
      message: ' restarting \n',
      count: 4,
      firstTimestamp: ago(600),
      lastTimestamp: ago(5),
      source: { component: 'kubelet', host: 'n1' },
    }
    expect(row(EVENTS, event)).toEqual(['5s', 'Warning', 'BackOff', 'pod/a', 'restarting'])
    expect(row(EVENTS, event, 1)).toEqual(['spec.containers{m}', 'kubelet, n1', '10m', 4, 'x'])
    const series = { involvedObject: {}, eventTime: ago(60), series: { count: 9, lastObservedTime: ago(2) } }
    expect(row(EVENTS, series)[0]).toBe('2s')
    expect(row(EVENTS, series, 1)).toEqual(['', '', '60s', 9, 'x'])
  })

  it('configmaps and secrets', () => {
    expect(row(CONFIG_MAPS, { data: { a: '1', b: '2' }, binaryData: { c: '' } })).toEqual(['x', 3, '90s'])
    expect(row(SECRETS, { type: 'Opaque', data: { a: '' } })).toEqual(['x', 'Opaque', 1, '90s'])
  })
})
