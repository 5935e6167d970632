// How many Pods a second a control plane places on simulated nodes, as a client of its API sees them bound.
//   npx tsx test/bench/scheduler.ts [pods] [nodes]
// The server is a process of its own that finds all Pods waiting when it starts; every binding is on disk before it is seen.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '../../controlplane/client/client.ts'
import { createLocalClient } from '../../controlplane/client/local-client.ts'
import { NODE_RANGE_SIZE } from '../../controlplane/controllers/node-ipam/range-pool.ts'
import { createRegistry } from '../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../controlplane/registry/namespaces.ts'
import { openSqliteStore } from '../../controlplane/store/sqlite-store.ts'
import { NODES, PODS, type Pod, REPLICA_SETS, type ReplicaSet } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { systemClock } from '../../shared/clock.ts'
import { Ipv4Range } from '../../shared/ipv4-range.ts'
import { systemRandom } from '../../shared/random.ts'
import { connectTo } from '../support/connect-to.ts'
import { freePort } from '../support/kubette.ts'
import { ServerProcess } from '../support/server-process.ts'

const GOAL_PER_SECOND = 2_000
/** What kube-scheduler reaches on 5,000 nodes in upstream's own scheduler_perf, as its thresholds have it. */
const UPSTREAM_PER_SECOND = 680
const REPLICA_SET_COUNT = 20
const BATCH = 500
/** Room for 8,192 nodes. */
const POD_RANGE = Ipv4Range.parse('10.0.0.0/11')
const RANGES = ['--cluster-cidr', `${POD_RANGE}`, '--service-cidr', '10.96.0.0/16']
const POD_SPEC = {
  containers: [
    {
      name: 'main',
      image: 'registry.k8s.io/pause:3.10',
      resources: { requests: { cpu: '100m', memory: '500Mi' } },
    },
  ],
}

const podCount = Number(process.argv[2] ?? 10_000)
const nodeCount = Number(process.argv[3] ?? 5_000)

const directory = mkdtempSync(join(tmpdir(), 'kubette-bench-'))
try {
  await fill(join(directory, 'state.db'))
  const server = await ServerProcess.start(directory, await freePort(), [], RANGES)
  try {
    const { perSecond, perNode } = await watchBindings(join(directory, 'kubeconfig'))
    console.log(`${podCount} Pods on ${nodeCount} nodes: ${perSecond.toFixed(0)} Pods/s`)
    console.log(
      `${(perSecond / GOAL_PER_SECOND).toFixed(2)} of the goal, ${(perSecond / UPSTREAM_PER_SECOND).toFixed(2)} of upstream's floor`,
    )
    console.log(`Pods per node: at most ${Math.max(...perNode.values())}, on ${perNode.size} nodes`)
  } finally {
    await server.end()
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}

/** The state of a cluster that has all its nodes, and Pods that nobody has placed. */
async function fill(path: string): Promise<void> {
  const store = await openSqliteStore(path)
  const registry = createRegistry({ store, clock: systemClock(), random: systemRandom })
  await bootstrapNamespaces(registry)
  const client = createLocalClient(registry)
  await inBatches(nodeCount, (i) => createNode(client, i))
  const owners: Persisted<ReplicaSet>[] = []
  await inBatches(REPLICA_SET_COUNT, async (i) => {
    owners[i] = await createReplicaSet(client, `set-${i}`)
  })
  await inBatches(podCount, (i) =>
    createPod(client, `pod-${i}`, owners[i % REPLICA_SET_COUNT] as Persisted<ReplicaSet>),
  )
  await store.close()
}

async function inBatches(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    const size = Math.min(BATCH, count - done)
    await Promise.all(Array.from({ length: size }, (_, i) => work(done + i)))
  }
}

async function createNode(client: Client, index: number): Promise<void> {
  const name = `node-${index}`
  const labels = { 'kubernetes.io/hostname': name }
  const podCIDR = `${POD_RANGE.at(index * NODE_RANGE_SIZE)}/24`
  await client.create(NODES, { metadata: { name, labels }, spec: { podCIDR, podCIDRs: [podCIDR] } })
  const now = new Date().toISOString()
  await client.modify(
    NODES,
    { name },
    (draft) => {
      draft.status = {
        allocatable: { cpu: '4', memory: '32Gi', pods: '110' },
        conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: now, lastTransitionTime: now }],
      }
    },
    { status: true },
  )
}

async function createReplicaSet(client: Client, name: string): Promise<Persisted<ReplicaSet>> {
  const labels = { app: name }
  const template = { metadata: { labels }, spec: POD_SPEC }
  const spec = { replicas: podCount / REPLICA_SET_COUNT, selector: { matchLabels: labels }, template }
  return client.create(REPLICA_SETS, { metadata: { name, namespace: 'default' }, spec })
}

async function createPod(client: Client, name: string, owner: Persisted<ReplicaSet>): Promise<void> {
  const { name: app, uid } = owner.metadata
  const controller = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: app, uid, controller: true }
  const metadata = { name, namespace: 'default', labels: { app }, ownerReferences: [controller] }
  await client.create(PODS, { metadata, spec: POD_SPEC })
}

/** Of the Pods that were not bound when it began to look, and the time until it has seen the last of them bound. */
async function watchBindings(kubeconfig: string): Promise<{ perSecond: number; perNode: Map<string, number> }> {
  const { api } = connectTo(kubeconfig)
  const nodeOf = new Map<string, string>()
  const note = ({ metadata, spec }: Persisted<Pod>) => spec.nodeName && nodeOf.set(metadata.name, spec.nodeName)
  const startMs = performance.now()
  const { json: list } = await api.get('/api/v1/pods')
  list.items.forEach(note)
  const boundBefore = nodeOf.size
  const watch = await api.stream(`/api/v1/pods?watch=true&resourceVersion=${list.metadata.resourceVersion}`)
  while (nodeOf.size < podCount) {
    const { type, object } = await watch.event()
    if (type === 'ERROR') throw new Error(object.message)
    note(object)
  }
  const perSecond = (podCount - boundBefore) / ((performance.now() - startMs) / 1000)
  watch.close()
  api.close()
  const perNode = new Map<string, number>()
  for (const node of nodeOf.values()) perNode.set(node, (perNode.get(node) ?? 0) + 1)
  return { perSecond, perNode }
}
