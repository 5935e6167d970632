import type { Client } from '../../controlplane/client/client.ts'
import { createLocalClient } from '../../controlplane/client/local-client.ts'
import { createEventRecorder } from '../../controlplane/reconcile/event-recorder.ts'
import { createInformers } from '../../controlplane/reconcile/shared-informer.ts'
import { createRegistry } from '../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../controlplane/registry/namespaces.ts'
import { startScheduler } from '../../controlplane/scheduler/scheduler.ts'
import { MemoryStore } from '../../controlplane/store/memory-store.ts'
import { EVENTS, NODES, PODS, PRIORITY_CLASSES } from '../../shared/api/kinds.ts'
import { silentLogger } from '../../shared/log.ts'
import { aNode, aPod, type NodeShape, type PodShape } from './scheduling-objects.ts'
import { seededRandom } from './seeded-random.ts'
import { VirtualClock } from './virtual-clock.ts'

const running: AbortController[] = []

/** Ends all schedulers that run, and what else `untilStopped` was given to. */
export function stopSchedulers(): void {
  for (const controller of running.splice(0)) controller.abort()
}

export function untilStopped(): AbortSignal {
  const stop = new AbortController()
  running.push(stop)
  return stop.signal
}

/** An API over a memory store; `start` runs one more scheduler on it, through a client that may misbehave. */
export async function schedulingApi() {
  const clock = new VirtualClock()
  const random = seededRandom(1)
  const registry = createRegistry({ store: new MemoryStore(), clock, random })
  await bootstrapNamespaces(registry)
  const client = createLocalClient(registry)
  const get = (name: string) => client.get(PODS, { namespace: 'default', name })
  return {
    clock,
    client,
    get,
    async start(over: Partial<Client> = {}) {
      const stop = new AbortController()
      running.push(stop)
      const deps = { client: { ...client, ...over }, clock, random, log: silentLogger }
      const informers = createInformers(deps)
      const eventRecorder = createEventRecorder({ ...deps, component: 'default-scheduler' })
      const stopped = startScheduler({ ...deps, informers, eventRecorder }, stop.signal)
      informers.start(stop.signal)
      await clock.advance(0)
      return {
        stop: async () => {
          stop.abort()
          await stopped
        },
      }
    },
    async node(name: string, shape: NodeShape = {}) {
      const { metadata, spec, status } = aNode(name, shape)
      await client.create(NODES, { metadata: { name, labels: metadata.labels ?? {} }, spec })
      await client.modify(NODES, { name }, (draft) => Object.assign(draft, { status }) && undefined, { status: true })
    },
    async pod(name: string, shape: PodShape = {}) {
      const { metadata, spec } = aPod(name, shape)
      const { labels = {}, deletionTimestamp } = metadata
      const finalizers = deletionTimestamp ? ['example.com/wait'] : []
      await client.create(PODS, { metadata: { name, namespace: 'default', labels, finalizers }, spec })
      if (deletionTimestamp) await client.delete(PODS, { namespace: 'default', name })
      await clock.advance(0)
    },
    async priorityClass(name: string, value: number, preemptionPolicy = 'PreemptLowerPriority') {
      await client.create(PRIORITY_CLASSES, { metadata: { name }, value, preemptionPolicy })
    },
    /** What an agent does at the end of a Pod that is being deleted. */
    async end(name: string) {
      await client.delete(PODS, { namespace: 'default', name }, { gracePeriodSeconds: 0 })
      await clock.advance(0)
    },
    async condition(name: string) {
      const { status } = await get(name)
      return status?.conditions?.find(({ type }) => type === 'PodScheduled')
    },
    async events(name: string) {
      const { items } = await client.list(EVENTS, { namespace: 'default' })
      const mine = items.filter(({ involvedObject }) => involvedObject.name === name)
      return mine.map(({ type, reason, message, count }) => `${count} ${type} ${reason}: ${message}`)
    },
  }
}
