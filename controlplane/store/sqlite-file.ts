import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { JournalRecord } from './journal.ts'
import { openDatabase } from './sqlite-database.ts'
import { createTables, openTables, type SqliteTables } from './sqlite-tables.ts'

/** Opens the state at `path`, or a new one where there is none. Throws where another process has it open. */
export async function openStateFile(path: string): Promise<SqliteTables> {
  if (!existsSync(path)) await createStateFile(path, [])
  // SQLite takes an empty file for a new database and throws its log away.
  if (statSync(path).size === 0) throw new Error('the file is damaged (it is empty); restore a backup')
  return openTables(await openDatabase(path))
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

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
