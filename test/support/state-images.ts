import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { JournalRecord } from '../../controlplane/store/journal.ts'
import { createStateFile, openStateFile } from '../../controlplane/store/sqlite-file.ts'
import { randomInt } from '../../shared/random.ts'
import { seededRandom } from './seeded-random.ts'

/** The files of a store as a power cut would leave them, and what may be found in them: all states up to then. */
export interface StateImage {
  readonly path: string
  readonly states: readonly string[]
  /** The pages hold all that is in the log, which is still there. */
  readonly isCheckpointed: boolean
}

/** Changes in place leave SQLite's pages in an order that fits whatever pages of other times lie beside them. */
type Changes = 'of all kinds' | 'in place'

interface Entry {
  readonly key: string
  readonly value: Uint8Array
  readonly revision: number
}

const KEYS = 1500
const LARGEST_VALUE = 24_000
const COMMITS_BETWEEN_IMAGES = 60

/**
 * Writes a long history, and copies the files now and then: every so many commits, whenever SQLite has just moved its
 * log into the pages (then both hold the same), and one commit later (then the log begins anew over its own past).
 */
export async function recordStateImages(
  directory: string,
  checkpoints: number,
  changes: Changes = 'of all kinds',
): Promise<StateImage[]> {
  const path = join(directory, 'history.db')
  const tables = await openStateFile(path)
  tables.load()
  const write = historyWriter(changes, (records) => tables.commit(records))
  const states = [fingerprint([])]
  const images: StateImage[] = []
  const take = (isCheckpointed: boolean) => {
    const image = join(directory, `image-${images.length}.db`)
    copyState(path, image)
    images.push({ path: image, states: [...states], isCheckpointed })
  }
  for (let seen = 0; seen < checkpoints; ) {
    const before = statSync(path).mtimeMs
    states.push(write())
    if (statSync(path).mtimeMs !== before) {
      seen++
      take(true)
      states.push(write())
      take(false)
    } else if (states.length % COMMITS_BETWEEN_IMAGES === 0) take(false)
  }
  return images
}

/** A few entries, of which the pages hold half and the log the rest. Small enough to be damaged at every byte. */
export async function recordSmallImage(directory: string): Promise<StateImage> {
  const path = join(directory, 'small.db')
  const random = seededRandom(8)
  const change = (number: number): JournalRecord & Entry => {
    const key = `/registry/configmaps/default/c${number % 7}`
    return { type: 'put', key, value: random.bytes(number % 3 === 0 ? 5000 : 300), revision: number }
  }
  const changes = Array.from({ length: 12 }, (_, number) => change(number + 1))
  const entries = new Map<string, Entry>()
  const states = changes.map((entry) => fingerprint(entries.set(entry.key, entry).values()))
  await createStateFile(path, changes.slice(0, 6))
  const tables = await openStateFile(path)
  tables.load()
  for (const entry of changes.slice(6)) tables.commit([entry])
  const image = join(directory, 'small-image.db')
  copyState(path, image)
  tables.close()
  return { path: image, states: states.slice(5), isCheckpointed: false }
}

export function copyState(from: string, to: string): void {
  for (const suffix of ['', '-wal']) {
    if (existsSync(`${from}${suffix}`)) copyFileSync(`${from}${suffix}`, `${to}${suffix}`)
  }
}

/** Two states are the same exactly if these are. */
export function fingerprint(entries: Iterable<Entry>): string {
  let sum = 0n
  for (const entry of entries) sum += hashOf(entry)
  return sum.toString(36)
}

function hashOf({ key, value, revision }: Entry): bigint {
  const digest = createHash('sha1')
    .update(JSON.stringify([key, revision]))
    .update(value)
    .digest('hex')
  return BigInt(`0x${digest}`)
}

/** Each call makes one commit of a few changes and returns the fingerprint of what is then there. */
function historyWriter(changes: Changes, commit: (records: JournalRecord[]) => void): () => string {
  const random = seededRandom(7)
  const hashes = new Map<string, bigint>()
  let revision = 100_000 // so that all take the same room
  let sum = 0n
  const change = (key: string): JournalRecord => {
    revision++
    const before = hashes.get(key)
    sum -= before ?? 0n
    hashes.delete(key)
    if (before !== undefined && changes === 'of all kinds' && random.next() < 0.2)
      return { type: 'delete', key, revision }
    const largest = random.next() < 0.98 ? 200 : LARGEST_VALUE
    const value = random.bytes(changes === 'in place' ? 100 : randomInt(random, largest))
    hashes.set(key, hashOf({ key, value, revision }))
    sum += hashes.get(key) as bigint
    return { type: 'put', key, value, revision }
  }
  const keyAt = (number: number) => `/registry/configmaps/default/c${number}`
  commit(Array.from({ length: KEYS }, (_, number) => change(keyAt(number))))
  return () => {
    commit(Array.from({ length: 1 + randomInt(random, 3) }, () => change(keyAt(randomInt(random, KEYS)))))
    return sum.toString(36)
  }
}
