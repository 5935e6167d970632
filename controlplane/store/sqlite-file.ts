import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import type { JournalRecord } from './journal.ts'
import { openDatabase } from './sqlite-database.ts'
import { createTables, openTables, type SqliteTables } from './sqlite-tables.ts'

/** Opens the state at `path`, or a new one where there is none. Throws where another process has it open. */
export async function openStateFile(path: string): Promise<SqliteTables> {
  if (!existsSync(path)) await createStateFile(path, [])
  // SQLite takes an empty file for a new database and throws its log away.
  if (statSync(path).size === 0) throw new Error('the file is damaged (it is empty); restore a backup')
  const log = `${path}-wal`
  // libsql takes a log that it cannot read for one that ends there, and serves an old state.
  if (existsSync(log)) readFileSync(log)
  const tables = openTables(await openDatabase(path))
  if (existsSync(log)) rewrite(log)
  return tables
}

/** Makes the file with `records` in it, as a whole or not at all: what has the name is always a complete state. */
export async function createStateFile(path: string, records: readonly JournalRecord[]): Promise<void> {
  const log = `${path}-wal`
  if (existsSync(log) && statSync(log).size > 0) throw new Error(`it is missing, but its log ${log} is there`)
  const draft = `${path}.new`
  for (const leftover of [draft, `${draft}-journal`]) rmSync(leftover, { force: true })
  const tables = createTables(await openDatabase(draft))
  tables.commit(records)
  tables.close()
  sync(draft)
  renameSync(draft, path)
  sync(dirname(path))
}

/**
 * Where a sync failed, the system may keep for written what never reached the disk, and sync it no more. What is read
 * from the log is therefore written once more, in place and unchanged, before anything is made of it.
 */
function rewrite(log: string): void {
  const file = openSync(log, 'r+')
  try {
    const bytes = readFileSync(file)
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
