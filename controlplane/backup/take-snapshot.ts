import type { Snapshot } from '../../shared/protocol/snapshot.ts'
import type { Store, Stored } from '../store/store.ts'

/** All that `store` would have back after a restart, as of one revision; it serves on meanwhile. */
export async function takeSnapshot(store: Store, volatilePrefixes: readonly string[]): Promise<Snapshot> {
  const { items, revision } = await store.list('')
  const kept = items.filter(({ key }) => !volatilePrefixes.some((prefix) => key.startsWith(prefix)))
  return { revision, objects: kept.map(encode) }
}

function encode({ key, value, revision }: Stored) {
  return { key, value: Buffer.from(value).toString('base64'), revision }
}
