import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { createInterface } from 'node:readline'
import { ApiClient } from '../../../bin/api-client.ts'
import { isApiError } from '../../../shared/api/api-error.ts'
import type { ConfigMap } from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import type { WatchedEvent } from './operation.ts'
import type { KeyClient } from './record-history.ts'
import { valueIn } from './registry-keys.ts'
import type { OpenWatch } from './watch-spans.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

export interface HttpKeys extends KeyClient {
  /** From the newest state on. The events end where the connection does. */
  openWatch: OpenWatch
  close(): void
}

/** ConfigMaps as keys, over HTTPS. */
export function httpKeys(url: string, credentials: { ca: string; cert: string; key: string }): HttpKeys {
  const { ca, cert, key } = credentials
  const api = new ApiClient(url, { ca: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) })
  const agent = new Agent(credentials)
  const revisionOf = ({ metadata }: Persisted<ConfigMap>) => Number(metadata.resourceVersion)
  const openWatch: OpenWatch = async (signal) => {
    const { metadata } = await api.call<{ metadata: { resourceVersion: string } }>('GET', MAPS)
    const path = `${MAPS}?watch=true&resourceVersion=${metadata.resourceVersion}`
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(new URL(path, url), { agent, signal }, resolve).on('error', reject).end()
    })
    return { from: Number(metadata.resourceVersion), events: changes(response) }
  }
  return {
    openWatch,
    async read(name) {
      try {
        const map = await api.call<Persisted<ConfigMap>>('GET', `${MAPS}/${name}`)
        return { value: valueIn(map), revision: revisionOf(map) }
      } catch (error) {
        if (isApiError(error, 'NotFound')) return undefined
        throw error
      }
    },
    async write(name, value, expected) {
      const map = (resourceVersion?: string) => ({ metadata: { name, resourceVersion }, data: { value } })
      if (expected === 0) return revisionOf(await api.call('POST', MAPS, map()))
      return revisionOf(await api.call('PUT', `${MAPS}/${name}`, map(String(expected))))
    },
    async remove(name, expected) {
      await api.call('DELETE', `${MAPS}/${name}`, { preconditions: { resourceVersion: String(expected) } })
    },
    watch: async (signal) => (await openWatch(signal)).events,
    close() {
      api.close()
      agent.destroy()
    },
  }
}

async function* changes(response: IncomingMessage): AsyncGenerator<WatchedEvent> {
  const lines = createInterface({ input: response })
  for (const source of [response, lines]) source.on('error', () => {}) // it is broken off when the signal aborts
  for await (const line of lines) {
    const { type, object } = JSON.parse(line) as { type: string; object: Persisted<ConfigMap> }
    const { name, resourceVersion } = object.metadata
    const change = type === 'DELETED' ? 'delete' : 'put'
    yield { type: change, key: name, revision: Number(resourceVersion), value: valueIn(object) }
  }
}
