import { closeSync, openSync, readSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { openStateFile } from '../../controlplane/store/sqlite-file.ts'
import type { SqliteTables } from '../../controlplane/store/sqlite-tables.ts'
import { copyState, fingerprint, type StateImage } from '../support/state-images.ts'

/** What goes wrong with the log or the pages of a state, at every place that is looked at. */
export interface Damage {
  readonly how: 'cut' | 'flip'
  readonly file: 'log' | 'pages'
}

export const DAMAGES: readonly Damage[] = [
  { how: 'cut', file: 'log' },
  { how: 'flip', file: 'log' },
  { how: 'flip', file: 'pages' },
]

/** The fingerprint of what is found in the state at `path`; undefined where it is refused. */
export async function recovered(path: string): Promise<string | undefined> {
  let tables: SqliteTables | undefined
  try {
    tables = await openStateFile(path)
    return fingerprint(tables.load().items)
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  } finally {
    tables?.close()
  }
}

/** All that is found where a copy of `image` at `path` is damaged at one byte of every `stride`, each on its own. */
export async function sweep(
  image: StateImage,
  path: string,
  { how, file }: Damage,
  stride: number,
): Promise<ReadonlySet<string | undefined>> {
  const found = new Set<string | undefined>()
  const damaged = file === 'log' ? `${path}-wal` : path
  const { size } = statSync(file === 'log' ? `${image.path}-wal` : image.path)
  for (let offset = 0; offset < size; offset += stride) {
    copyState(image.path, path)
    if (how === 'cut') truncateSync(damaged, offset)
    else flipBit(damaged, offset)
    found.add(await recovered(path))
    for (const each of [path, `${path}-wal`]) rmSync(each, { force: true })
  }
  return found
}

/** A log is good up to where it is torn; pages have no second copy. */
export function expectedOf(image: StateImage, { file }: Damage): ReadonlySet<string | undefined> {
  return new Set(file === 'log' ? image.states.slice(0, -1) : [image.states.at(-1), undefined])
}

function flipBit(path: string, offset: number): void {
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, offset)
  byte[0] = byte.readUInt8() ^ (1 << (offset % 8))
  writeSync(file, byte, 0, 1, offset)
  closeSync(file)
}
