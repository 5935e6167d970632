import type { KubeObject } from '../../shared/api/object.ts'
import type { ApiHttp } from './api-http.ts'

/** No Pod needs so long, however busy the machine. */
const LIMIT_SECONDS = 60

/**
 * The objects at a path of the API as soon as they are as wanted: a watch shows every state, and costs nothing while it
 * waits, unlike a kubectl that asks again and again. Throws with what was there last where that does not come.
 */
export async function listWhen<T extends KubeObject>(
  api: ApiHttp,
  path: string,
  fieldSelector: string,
  isWanted: (objects: readonly T[]) => unknown,
): Promise<readonly T[]> {
  const query = new URLSearchParams({ watch: 'true', fieldSelector, timeoutSeconds: String(LIMIT_SECONDS) })
  const stream = await api.stream(`${path}?${query}`)
  const found = new Map<string, T>()
  try {
    for (let event = await stream.event(); event; event = await stream.event()) {
      const { type, object } = event as { type: string; object: T }
      if (type === 'ERROR') throw new Error(JSON.stringify(object))
      const uid = object.metadata.uid ?? ''
      if (type === 'DELETED') found.delete(uid)
      else found.set(uid, object)
      if (isWanted([...found.values()])) return [...found.values()]
    }
  } finally {
    stream.close()
  }
  const last = JSON.stringify([...found.values()], undefined, 1)
  throw new Error(`${fieldSelector} of ${path}: not as wanted within ${LIMIT_SECONDS} s; last:\n${last}`)
}
