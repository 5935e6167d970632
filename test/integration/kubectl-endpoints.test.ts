import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLocalClient } from '../../controlplane/client/local-client.ts'
import { DeploymentController } from '../../controlplane/controllers/deployment/deployment-controller.ts'
import { EndpointsController } from '../../controlplane/controllers/endpoints/endpoints-controller.ts'
import { EndpointSliceController } from '../../controlplane/controllers/endpointslice/endpointslice-controller.ts'
import { EndpointSliceMirroring } from '../../controlplane/controllers/endpointslice-mirroring/endpointslice-mirroring.ts'
import { GarbageCollector } from '../../controlplane/controllers/garbage-collector/garbage-collector.ts'
import { ReplicaSetController } from '../../controlplane/controllers/replicaset/replicaset-controller.ts'
import { ServiceLb } from '../../controlplane/controllers/service-lb/service-lb.ts'
import { startController } from '../../controlplane/reconcile/controller-loop.ts'
import { createInformers } from '../../controlplane/reconcile/shared-informer.ts'
import { ENDPOINT_SLICES, NODES } from '../../shared/api/kinds.ts'
import { systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { systemRandom } from '../../shared/random.ts'
import { KubectlUser } from '../support/kubectl-user.ts'
import { eventually } from '../support/shell.ts'
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts'
import { startTestBinder } from '../support/test-binder.ts'
import { startTestKubelet } from '../support/test-kubelet.ts'

const stop = new AbortController()
/** How many endpoints each version of a slice had ready, by namespace. */
const readyCounts = new Map<string, number[]>()
let server: TestApiServer

/** The controllers that Services have to do with, and a node that only says that Pods run. */
async function startCluster(): Promise<void> {
  server = await startTestApiServer()
  const [clock, random, log] = [systemClock(), systemRandom, silentLogger]
  const client = createLocalClient(server.registry)
  const informers = createInformers({ client, clock, random, log })
  const deps = { client, informers, clock, random, log }
  informers.start(stop.signal)
  const conditions = [{ type: 'Ready', status: 'True' }]
  const addresses = [{ type: 'InternalIP', address: '192.0.2.7' }]
  await client.create(NODES, { metadata: { name: 'n1' }, spec: {}, status: { conditions, addresses } })
  const controllers = [
    new DeploymentController(deps),
    new ReplicaSetController(deps),
    new GarbageCollector(deps),
    new EndpointSliceController(deps),
    new EndpointsController(deps),
    new EndpointSliceMirroring(deps),
    new ServiceLb(deps),
  ]
  for (const controller of controllers) void startController(controller, deps, stop.signal)
  let count = 3
  startTestBinder(deps, stop.signal)
  startTestKubelet(deps, { addressOf: () => `10.42.0.${++count}`, stopMs: 300 }, stop.signal)
  informers.of(ENDPOINT_SLICES).onChange(({ object: { metadata, endpoints = [] } }) => {
    const ready = endpoints.filter(({ conditions }) => conditions?.ready).length
    readyCounts.get(metadata.namespace ?? '')?.push(ready)
  })
}

beforeAll(startCluster)

afterAll(async () => {
  stop.abort()
  await server.close()
})

describe.concurrent.each(['1.27', '1.36'] as const)('kubectl %s', (version) => {
  it('shows where the traffic of a Service goes, through a rolling update and to its end', async () => {
    const namespace = `v${version.replace('.', '-')}`
    const admin = new KubectlUser(server.kubeconfig, 'default', version)
    await admin.ok('create', 'namespace', namespace)
    const user = admin.in(namespace)
    await user.ok('create', 'deployment', 'web', '--image=web:1', '--replicas=3')
    await user.ok('rollout', 'status', 'deployment/web', '--timeout=20s')
    await user.ok('expose', 'deployment', 'web', '--port=80', '--target-port=8080', '--type=LoadBalancer')
    const podAddresses = async () => {
      const path = "jsonpath={range .items[*]}{.status.podIP}{'\\n'}{end}"
      return (await user.ok('get', 'pods', '-o', path)).split('\n').sort()
    }
    const offered = async () => (await user.ok('get', 'endpoints', 'web', '--no-headers')).split(/\s+/)[1] ?? ''
    const isOffered = async (addresses: string[]) =>
      (await offered()).split(',').sort().join() ===
      addresses
        .map((ip) => `${ip}:8080`)
        .sort()
        .join()

    const before = await podAddresses()
    await eventually('the Pods are offered', () => isOffered(before))
    const slices = await user.ok('get', 'endpointslices', '-l', 'kubernetes.io/service-name=web')
    expect(slices).toMatch(
      /^NAME +ADDRESSTYPE +PORTS +ENDPOINTS +AGE\nweb-\w{5} +IPv4 +8080 +10\.42\.\S+,10\.42\.\S+,10\.42\.\S+ +\d+s$/,
    )
    const described = await user.ok('describe', 'service', 'web')
    expect(described).toMatch(/LoadBalancer Ingress: +192\.0\.2\.7( \(VIP\))?\n/)
    expect(described).toMatch(/Endpoints: +(10\.42\.0\.\d+:8080,?){3}\n/)
    expect(described).toContain('EnsuredLoadBalancer')

    const counts: number[] = []
    readyCounts.set(namespace, counts)
    await user.ok('rollout', 'restart', 'deployment/web')
    await user.ok('rollout', 'status', 'deployment/web', '--timeout=20s')
    await eventually('the new Pods are offered, and they alone', async () => {
      const now = await podAddresses()
      return now.length === 3 && !now.some((ip) => before.includes(ip)) && (await isOffered(now))
    })
    expect(Math.min(...counts)).toBe(3)

    await user.ok('scale', 'deployment/web', '--replicas=0')
    await eventually('nothing is offered', async () => (await offered()) === '<none>')
    await user.ok('delete', 'service', 'web')
    await eventually(
      'nothing is left',
      async () => (await user.ok('get', 'endpoints,endpointslices', '-o', 'name')) === '',
    )
  })

  it('offers what a user says where a Service selects nothing', async () => {
    const namespace = `hand-${version.replace('.', '-')}`
    const admin = new KubectlUser(server.kubeconfig, 'default', version)
    await admin.ok('create', 'namespace', namespace)
    const user = admin.in(namespace)
    await user.apply(
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'db' }, spec: { ports: [{ port: 5432 }] } },
      {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name: 'db' },
        subsets: [{ addresses: [{ ip: '192.0.2.40' }], ports: [{ port: 5432 }] }],
      },
    )
    await eventually('the slice is there', async () =>
      /^db-\w+ +IPv4 +5432 +192\.0\.2\.40 /.test(await user.ok('get', 'endpointslices', '--no-headers')),
    )
    expect(await user.ok('describe', 'service', 'db')).toMatch(/Endpoints: +192\.0\.2\.40:5432\n/)
  })
})
