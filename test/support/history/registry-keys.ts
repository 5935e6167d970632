import type { Registry } from '../../../controlplane/registry/registry.ts'
import { isApiError } from '../../../shared/api/api-error.ts'
import { CONFIG_MAPS, type ConfigMap } from '../../../shared/api/kinds.ts'
import type { WatchedEvent } from './operation.ts'
import type { KeyClient } from './record-history.ts'

const NAMESPACE = 'default'

/** ConfigMaps as keys, straight at the registry. */
export function registryKeys(registry: Registry): KeyClient {
  const at = (name: string) => ({ namespace: NAMESPACE, name })
  return {
    async read(name) {
      try {
        const { object, revision } = await registry.get(CONFIG_MAPS, at(name))
        return { value: valueIn(object), revision }
      } catch (error) {
        if (isApiError(error, 'NotFound')) return undefined
        throw error
      }
    },
    async write(name, value, expected) {
      const object: ConfigMap = { metadata: { name }, data: { value } }
      if (expected === 0) return (await registry.create(CONFIG_MAPS, object, { namespace: NAMESPACE })).revision
      const metadata = { name, resourceVersion: String(expected) }
      return (await registry.update(CONFIG_MAPS, at(name), () => ({ ...object, metadata }), {})).revision
    },
    async remove(name, expected) {
      await registry.delete(CONFIG_MAPS, at(name), {
        delete: { preconditions: { resourceVersion: String(expected) } },
      })
    },
    async watch(signal) {
      const { revision } = await registry.list(CONFIG_MAPS, { namespace: NAMESPACE })
      return changes(registry, revision, signal)
    },
  }
}

async function* changes(registry: Registry, after: number, signal: AbortSignal): AsyncGenerator<WatchedEvent> {
  for await (const event of registry.watch(CONFIG_MAPS, { namespace: NAMESPACE, after }, signal)) {
    if (event.type === 'BOOKMARK') continue
    const { object } = event.entry
    const type = event.type === 'DELETED' ? 'delete' : 'put'
    yield { type, key: object.metadata.name, revision: event.revision, value: valueIn(object) }
  }
}

export function valueIn(object: ConfigMap): string {
  return object.data?.value ?? ''
}
