import { writeSync } from 'node:fs'
import { openSqliteStore } from '../../controlplane/store/sqlite-store.ts'
import type { Store } from '../../controlplane/store/store.ts'
import { randomInt, systemRandom, uuid } from '../../shared/random.ts'
import { type Change, contentOf, hashOf } from './durable-model.ts'

/** What the process says on its standard output, a line each. */
export type StoreProcessLine =
  | { type: 'found'; revision: number; entries: { key: string; revision: number; hash: string }[] }
  | { type: 'intent'; change: Change }
  | { type: 'acknowledged'; change: Change; revision: number }

const WRITERS = 8
const KEYS_PER_WRITER = 4

/** Blocks until it is said: the word of an acknowledgement is out before anything else happens. */
const say = (line: StoreProcessLine) => writeSync(1, `${JSON.stringify(line)}\n`)

/** Opens the store at the given path, says what is there, and writes until it is killed. */
async function main(path: string): Promise<void> {
  const store = await openSqliteStore(path)
  const { items, revision } = await store.list('')
  const entries = items.map((item) => ({ key: item.key, revision: item.revision, hash: hashOf(item.value) }))
  say({ type: 'found', revision: Math.max(revision, store.revision), entries })
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => writeForever(store, writer)))
}

async function writeForever(store: Store, writer: number): Promise<void> {
  for (;;) {
    const key = `/registry/configmaps/w${writer}/k${randomInt(systemRandom, KEYS_PER_WRITER)}`
    const expected = (await store.get(key))?.revision ?? 0
    const isDeletion = expected > 0 && systemRandom.next() < 0.3
    const change: Change = isDeletion ? { key } : { key, id: uuid(systemRandom) }
    say({ type: 'intent', change })
    say({ type: 'acknowledged', change, revision: await write(store, change, expected) })
  }
}

async function write(store: Store, { key, id }: Change, expected: number): Promise<number> {
  if (id === undefined) return store.delete(key, expected)
  return (await store.put(key, new TextEncoder().encode(contentOf(key, id)), expected)).revision
}

void main(process.argv[2] as string)
