import { createRegistry } from '../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../controlplane/registry/namespaces.ts'
import type { EntryEvent, Registry, WatchOptions } from '../../controlplane/registry/registry.ts'
import { MemoryStore } from '../../controlplane/store/memory-store.ts'
import type { Store } from '../../controlplane/store/store.ts'
import { ApiError } from '../../shared/api/api-error.ts'
import type { Deployment, Kind, Pod } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import { seededRandom } from './seeded-random.ts'
import { settle, VirtualClock } from './virtual-clock.ts'

export interface TestRegistry {
  readonly clock: VirtualClock
  readonly store: Store
  readonly registry: Registry
  /** Creates in `default` unless the object says otherwise, and returns what is then there. */
  create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<Persisted<T>>
  get<T extends KubeObject>(kind: Kind<T>, name: string): Promise<Persisted<T>>
  /** The field errors of a refused creation, as `field: message`; empty where it would be accepted. */
  refusals<T extends KubeObject>(kind: Kind<T>, object: T): Promise<string[]>
  /** Watches until told to stop; `events` fills up meanwhile. */
  watch(kind: Kind, options?: WatchOptions): { events: string[]; stop(): Promise<void> }
}

/** A registry over memory and virtual time, with the namespaces that every cluster has. */
export async function testRegistry(store: Store = new MemoryStore()): Promise<TestRegistry> {
  const clock = new VirtualClock()
  const registry = createRegistry({ store, clock, random: seededRandom(1) })
  await bootstrapNamespaces(registry)
  const inDefault = (kind: Kind) => (kind.namespaced ? { namespace: 'default' } : {})

  return {
    clock,
    store,
    registry,
    create: async <T extends KubeObject>(kind: Kind<T>, object: T) => {
      const namespace = object.metadata.namespace
      const { object: created } = await registry.create(kind, object, namespace ? { namespace } : inDefault(kind))
      return created as Persisted<T>
    },
    get: async <T extends KubeObject>(kind: Kind<T>, name: string) =>
      (await registry.get(kind, { ...inDefault(kind), name })).object as Persisted<T>,
    refusals: async (kind, object) => {
      try {
        await registry.create(kind, object, { ...inDefault(kind), dryRun: true })
        return []
      } catch (error) {
        return causesOf(error)
      }
    },
    watch: (kind, options = {}) => {
      const stopping = new AbortController()
      const events: string[] = []
      const done = collect(registry.watch(kind, options, stopping.signal), events)
      return {
        events,
        stop: async () => {
          await settle()
          stopping.abort()
          await done
        },
      }
    },
  }
}

/** What an Invalid error complains about; rethrows anything else. */
export function causesOf(error: unknown): string[] {
  if (!(error instanceof ApiError) || error.reason !== 'Invalid') throw error
  return (error.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`)
}

async function collect(watch: AsyncIterable<EntryEvent>, events: string[]): Promise<void> {
  for await (const event of watch) {
    if (event.type === 'BOOKMARK') events.push(event.initialEventsEnd ? 'initial events end' : 'BOOKMARK')
    else events.push(`${event.type} ${event.entry.object.metadata.name}`)
  }
}

export function testPod(name: string, more: { metadata?: object; spec?: object } = {}): Pod {
  return {
    metadata: { name, ...more.metadata },
    spec: { containers: [{ name: 'main', image: 'busybox:1' }], ...more.spec },
  }
}

export function testDeployment(name: string, spec: object = {}): Deployment {
  return {
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'busybox:1' }] },
      },
      ...spec,
    },
  }
}
