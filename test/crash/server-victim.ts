import type { ApiClient } from '../../bin/api-client.ts'
import { ApiError } from '../../shared/api/api-error.ts'
import type { ConfigMap } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { randomInt, systemRandom, uuid } from '../../shared/random.ts'
import { ServerProcess } from '../support/server-process.ts'
import { type Change, contentOf, type DurableModel, type Found, hashOf } from './durable-model.ts'
import type { StartVictim } from './victim.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const WRITERS = 8
const KEYS_PER_WRITER = 4

interface MapList {
  metadata: { resourceVersion: string }
  items: Persisted<ConfigMap>[]
}

/** A `kubette server`, written to over HTTPS by clients in this process. */
export function serverVictim(dataDir: string, port: number): StartVictim {
  return (model) => {
    const started = start(dataDir, port, model)
    return {
      ready: started.then(() => {}),
      hasEnded: false,
      async kill() {
        const { server, api, writing } = await started
        await server.end('SIGKILL')
        await writing
        api.close()
      },
    }
  }
}

async function start(dataDir: string, port: number, model: DurableModel) {
  const server = await ServerProcess.start(dataDir, port)
  const api = server.client()
  try {
    const list = await api.call<MapList>('GET', MAPS)
    model.check(foundIn(list))
    const revisions = new Map(list.items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]))
    const clients = Array.from({ length: WRITERS }, (_, writer) => writeUntilGone(api, model, writer, revisions))
    const writing = Promise.all(clients)
    writing.catch(() => {}) // looked at when the server has gone
    return { server, api, writing }
  } catch (error) {
    await server.end('SIGKILL')
    throw error
  }
}

function foundIn({ metadata, items }: MapList): Found {
  const entries = items.map((map) => ({
    key: map.metadata.name,
    revision: Number(map.metadata.resourceVersion),
    hash: hashOf(map.data?.value ?? ''),
  }))
  return { revision: Number(metadata.resourceVersion), entries }
}

/** Ends when the server has gone. Throws where it refuses what it should not. */
async function writeUntilGone(
  api: ApiClient,
  model: DurableModel,
  writer: number,
  revisions: Map<string, string>,
): Promise<void> {
  for (;;) {
    const key = `w${writer}-k${randomInt(systemRandom, KEYS_PER_WRITER)}`
    const resourceVersion = revisions.get(key)
    const change: Change = resourceVersion && systemRandom.next() < 0.3 ? { key } : { key, id: uuid(systemRandom) }
    model.intend(change)
    try {
      const revision = await write(api, change, resourceVersion)
      model.acknowledge(change, Number(revision))
      if (change.id === undefined) revisions.delete(key)
      else revisions.set(key, revision)
    } catch (error) {
      if (error instanceof ApiError) throw error
      return
    }
  }
}

/** Resolves to the object's new resourceVersion. A deletion answers only with a Status: the next list has its own. */
async function write(api: ApiClient, { key, id }: Change, resourceVersion: string | undefined): Promise<string> {
  if (id === undefined) {
    await api.call('DELETE', `${MAPS}/${key}`)
    return resourceVersion ?? '0'
  }
  const map = {
    metadata: { name: key, ...(resourceVersion ? { resourceVersion } : {}) },
    data: { value: contentOf(key, id) },
  }
  const written = await (resourceVersion
    ? api.call<Persisted<ConfigMap>>('PUT', `${MAPS}/${key}`, map)
    : api.call<Persisted<ConfigMap>>('POST', MAPS, map))
  return written.metadata.resourceVersion
}
