/**
 * How many Pods a second the scheduler places on 5,000 nodes, through the real registry and a memory store, bindings
 * and informers included: `npx tsx test/bench/scheduler.ts [pods] [nodes]`.
 */
import { createLocalClient } from '../../controlplane/client/local-client.ts'
import { createEventRecorder } from '../../controlplane/reconcile/event-recorder.ts'
import { createInformers } from '../../controlplane/reconcile/shared-informer.ts'
import { createRegistry } from '../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../controlplane/registry/namespaces.ts'
import { startScheduler } from '../../controlplane/scheduler/scheduler.ts'
import { MemoryStore } from '../../controlplane/store/memory-store.ts'
import { NODES, PODS } from '../../shared/api/kinds.ts'
import { systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { systemRandom } from '../../shared/random.ts'

const GOAL_PER_SECOND = 2_000
/** What kube-scheduler reaches on 5,000 nodes in upstream's own scheduler_perf, as its thresholds have it. */
const UPSTREAM_PER_SECOND = 680

const podCount = Number(process.argv[2] ?? 10_000)
const nodeCount = Number(process.argv[3] ?? 5_000)

const clock = systemClock()
const random = systemRandom
const registry = createRegistry({ store: new MemoryStore(), clock, random })
await bootstrapNamespaces(registry)
const client = createLocalClient(registry)

for (let i = 0; i < nodeCount; i++) await createNode(`node-${i}`)
for (let i = 0; i < podCount; i++) await createPod(`pod-${i}`, `set-${i % 20}`)

const stop = new AbortController()
const deps = { client, clock, random, log: silentLogger }
const informers = createInformers(deps)
const eventRecorder = createEventRecorder({ ...deps, component: 'default-scheduler' })
let bound = 0
let lastMs = 0
const done = new Promise<void>((resolve) => {
  informers.of(PODS).onChange(({ type, object }) => {
    if (type !== 'updated' || !object.spec.nodeName) return
    lastMs = clock.monotonic()
    if (++bound === podCount) resolve()
  })
})
const stopped = startScheduler({ ...deps, informers, eventRecorder }, stop.signal)
informers.start(stop.signal)
await informers.whenSynced()
const startMs = clock.monotonic()
await done
const perSecond = podCount / ((lastMs - startMs) / 1000)
stop.abort()
await stopped

const { items } = await client.list(PODS)
const perNode = new Map<string, number>()
for (const { spec } of items) perNode.set(spec.nodeName ?? '', (perNode.get(spec.nodeName ?? '') ?? 0) + 1)
console.log(`${podCount} Pods on ${nodeCount} nodes: ${perSecond.toFixed(0)} Pods/s`)
console.log(
  `${(perSecond / GOAL_PER_SECOND).toFixed(2)} of the goal, ${(perSecond / UPSTREAM_PER_SECOND).toFixed(2)} of upstream's floor`,
)
console.log(`Pods per node: at most ${Math.max(...perNode.values())}, on ${perNode.size} nodes`)

async function createNode(name: string): Promise<void> {
  const labels = { 'kubernetes.io/hostname': name }
  await client.create(NODES, { metadata: { name, labels }, spec: {} })
  await client.modify(
    NODES,
    { name },
    (draft) => {
      draft.status = { allocatable: { cpu: '4', memory: '32Gi', pods: '110' } }
    },
    { status: true },
  )
}

async function createPod(name: string, owner: string): Promise<void> {
  const controller = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }
  const resources = { requests: { cpu: '100m', memory: '500Mi' } }
  await client.create(PODS, {
    metadata: { name, namespace: 'default', labels: { app: owner }, ownerReferences: [controller] },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10', resources }] },
  })
}
