import { type Kind, NAMESPACES, type Namespace, PODS } from '../../shared/api/kinds.ts'
import { draft, type KubeObject, type Persisted } from '../../shared/api/object.ts'
import { requirementsOf } from '../../shared/selectors.ts'
import type { Entry, EntryEvent, Registry, Selection as RegistrySelection, UpdateArea } from '../registry/registry.ts'
import type { Client, Key, Selection, WatchEvent } from './client.ts'

/** A client in the control plane's own process: straight to the registry, without encoding anything. */
export function createLocalClient(registry: Registry): Client {
  const replace = async <T extends KubeObject>(kind: Kind<T>, object: Persisted<T>, area: UpdateArea) =>
    objectOf<T>(await registry.update(kind, keyOf(object), () => object, { area }))

  return {
    get: async <T extends KubeObject>(kind: Kind<T>, key: Key) => objectOf<T>(await registry.get(kind, key)),
    list: async (kind, options = {}) => {
      const { entries, revision } = await registry.list(kind, registrySelection(options))
      return { items: entries.map((entry) => objectOf(entry)), resourceVersion: String(revision) }
    },
    watch: (kind, options, signal) => {
      const after = Number(options.resourceVersion)
      return watchEvents(registry.watch(kind, { ...registrySelection(options), after, bookmarks: true }, signal))
    },
    create: async <T extends KubeObject>(kind: Kind<T>, object: T) => {
      const { namespace } = object.metadata
      return objectOf<T>(await registry.create(kind, object, namespace ? { namespace } : {}))
    },
    update: (kind, object) => replace(kind, object, 'object'),
    updateStatus: (kind, object) => replace(kind, object, 'status'),
    modify: async <T extends KubeObject>(
      kind: Kind<T>,
      key: Key,
      change: (draft: Persisted<T>) => false | void,
      options: { status?: boolean } = {},
    ) => {
      const apply = (current: Persisted<KubeObject>) => {
        const copy = draft(current)
        return change(copy as Persisted<T>) === false ? current : copy
      }
      return objectOf<T>(await registry.update(kind, key, apply, { area: options.status ? 'status' : 'object' }))
    },
    delete: async (kind, key, options) => {
      await registry.delete(kind, key, options ? { delete: options } : {})
    },
    bind: async (pod, nodeName) => {
      const { uid } = pod.metadata
      const bound = (current: Persisted<KubeObject>) => ({
        ...current,
        metadata: { ...current.metadata, uid },
        spec: { nodeName },
      })
      await registry.update(PODS, keyOf(pod), bound, { area: 'binding' })
    },
    finalizeNamespace: async (name) => {
      await registry.update(NAMESPACES, { name }, withoutKubernetesFinalizer, { area: 'finalize' })
    },
  }
}

function withoutKubernetesFinalizer(current: Persisted<KubeObject>): Namespace {
  const { spec, ...rest } = current as Persisted<Namespace>
  return { ...rest, spec: { finalizers: (spec?.finalizers ?? []).filter((name) => name !== 'kubernetes') } }
}

async function* watchEvents<T extends KubeObject>(events: AsyncIterable<EntryEvent>): AsyncGenerator<WatchEvent<T>> {
  for await (const event of events) {
    if (event.type === 'BOOKMARK') yield { type: 'BOOKMARK', resourceVersion: String(event.revision) }
    else yield { type: event.type, object: objectOf<T>(event.entry) }
  }
}

function objectOf<T extends KubeObject>(entry: Entry): Persisted<T> {
  return entry.object as Persisted<T>
}

function keyOf({ metadata }: Persisted<KubeObject>): Key {
  return metadata.namespace ? { namespace: metadata.namespace, name: metadata.name } : { name: metadata.name }
}

function registrySelection({ namespace, labelSelector, fields }: Selection): RegistrySelection {
  return {
    ...(namespace ? { namespace } : {}),
    ...(labelSelector ? { labels: requirementsOf(labelSelector) } : {}),
    ...(fields ? { fields: Object.entries(fields).map(([field, value]) => ({ field, equals: true, value })) } : {}),
  }
}
