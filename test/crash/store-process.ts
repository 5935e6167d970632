import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { statSync, writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { openSqliteStore } from '../../controlplane/store/sqlite-store.ts'
import { type Store, StoreUnavailable } from '../../controlplane/store/store.ts'
import { randomInt, systemRandom, uuid } from '../../shared/random.ts'
import { type Change, contentOf, hashOf } from './durable-model.ts'
import { DISK_FAILED, type StoreProcessLine } from './store-process-line.ts'

const WRITERS = 8
const KEYS_PER_WRITER = 4

/** Blocks until it is said: the word of an acknowledgement is out before anything else happens. */
function say(line: StoreProcessLine): void {
  for (let left = Buffer.from(`${JSON.stringify(line)}\n`); left.length > 0; ) {
    try {
      left = left.subarray(writeSync(1, left))
    } catch (error) {
      // Who listens is slow.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

/** Opens the store at `path`, says what is there, and writes until it is killed; some of it may fail. */
async function main(path: string, disk?: string): Promise<void> {
  const giveUp = () => process.exit(DISK_FAILED)
  const store = await openSqliteStore(path, { onOutcomeUnknown: giveUp }).catch((error) => {
    if (disk !== 'failing') throw error
    return giveUp()
  })
  const { items, revision } = await store.list('')
  const entries = items.map((item) => ({ key: item.key, revision: item.revision, hash: hashOf(item.value) }))
  say({ type: 'found', revision: Math.max(revision, store.revision), entries })
  if (disk === 'tight') void runOutOfRoom(path)
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => writeForever(store, writer)))
}

async function writeForever(store: Store, writer: number): Promise<void> {
  for (;;) {
    const key = `/registry/configmaps/w${writer}/k${randomInt(systemRandom, KEYS_PER_WRITER)}`
    const expected = (await store.get(key))?.revision ?? 0
    const isDeletion = expected > 0 && systemRandom.next() < 0.3
    const change: Change = isDeletion ? { key } : { key, id: uuid(systemRandom) }
    say({ type: 'intent', change })
    try {
      say({ type: 'acknowledged', change, revision: await write(store, change, expected) })
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      say({ type: 'refused', change })
      assert.equal((await store.get(key))?.revision ?? 0, expected, `${key}: what was refused is there`)
    }
  }
}

/** Now and then no file may grow beyond some size: a write is torn there, wherever that is, as on a full disk. */
async function runOutOfRoom(path: string): Promise<void> {
  const allow = (bytes: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`])
  for (;;) {
    await pause(randomInt(systemRandom, 20))
    allow(randomInt(systemRandom, statSync(`${path}-wal`).size + 20_000))
    await pause(randomInt(systemRandom, 20))
    allow('unlimited')
  }
}

async function write(store: Store, { key, id }: Change, expected: number): Promise<number> {
  if (id === undefined) return store.delete(key, expected)
  return (await store.put(key, new TextEncoder().encode(contentOf(key, id)), expected)).revision
}

void main(process.argv[2] as string, process.argv[3])
