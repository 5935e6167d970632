import { existsSync } from 'node:fs'
import { mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirectoryDurably, PRIVATE_DIRECTORY_MODE, syncDirectory } from '../../shared/durable-file.ts'
import type { Random } from '../../shared/random.ts'
import type { JournalRecord } from '../store/journal.ts'
import { createStateFile } from '../store/sqlite-file.ts'
import type { Backup } from './backup-file.ts'

/**
 * Revisions go on this far above the backup's: clients may have seen later ones that the backup does not know, and none
 * of those may come to mean something else.
 */
const REVISION_GAP = 1_000_000_000

/** What a restore puts in place, in this order; what has a log beside it loses that first. */
const PARTS = ['pki', 'state.db'] as const
const DRAFT = 'restore.new'
const READY = 'restore'

/**
 * Brings back what `backup` holds, in place of what is in `dataDir`: all of it or, wherever the power goes, nothing.
 * Only for a directory that no server uses.
 */
export async function restoreBackup(dataDir: string, backup: Backup, random: Random): Promise<void> {
  await prepareRestore(dataDir, backup, random)
  await finishRestore(dataDir)
}

/** Makes all of it ready. Once this resolves, the next start of a server takes it; one that runs is not disturbed. */
export async function prepareRestore(dataDir: string, backup: Backup, random: Random): Promise<void> {
  const draft = join(dataDir, DRAFT)
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true, mode: PRIVATE_DIRECTORY_MODE })
  await createDirectoryDurably(join(draft, 'pki'), backup.pki, random)
  await createStateFile(join(draft, 'state.db'), recordsOf(backup))
  await syncDirectory(draft)
  await rename(draft, join(dataDir, READY))
  await syncDirectory(dataDir)
}

export function isRestoreReady(dataDir: string): boolean {
  return existsSync(join(dataDir, READY))
}

/** Puts in place what a restore has made ready, where one was interrupted; else does nothing. Can be repeated. */
export async function finishRestore(dataDir: string): Promise<void> {
  if (!isRestoreReady(dataDir)) return
  const ready = join(dataDir, READY)
  for (const part of PARTS) {
    if (!existsSync(join(ready, part))) continue
    const place = join(dataDir, part)
    for (const old of [`${place}-wal`, `${place}-shm`, place]) await rm(old, { recursive: true, force: true })
    await rename(join(ready, part), place)
    await syncDirectory(dataDir)
  }
  await rmdir(ready)
  await syncDirectory(dataDir)
}

function recordsOf({ snapshot }: Backup): JournalRecord[] {
  const puts = snapshot.objects.map(({ key, value, revision }) => {
    return { type: 'put' as const, key, value: new Uint8Array(Buffer.from(value, 'base64')), revision }
  })
  return [...puts, { type: 'reserve', revision: snapshot.revision + REVISION_GAP }]
}
