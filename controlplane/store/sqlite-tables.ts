import type { JournalRecord } from './journal.ts'
import type { Database, Statement } from './sqlite-database.ts'

const FORMAT = 1

/** WAL and FULL are set on every open: a commit has reached the disk when it returns. EXCLUSIVE keeps others out. */
const SETTINGS = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
`
const TABLES = `
  CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  PRAGMA user_version = ${FORMAT};
`

interface Row {
  key: string
  value: Uint8Array
  revision: number
}

/** The store's tables: the newest value of each key, and the revision up to which numbers may have been given out. */
export class SqliteTables {
  readonly #database: Database
  readonly #put: Statement
  readonly #delete: Statement
  readonly #reserve: Statement

  constructor(database: Database) {
    this.#database = database
    database.exec(SETTINGS)
    checkFormat(database)
    database.exec(TABLES)
    this.#put = database.prepare('INSERT OR REPLACE INTO objects (key, value, revision) VALUES (?, ?, ?)')
    this.#delete = database.prepare('DELETE FROM objects WHERE key = ?')
    this.#reserve = database.prepare("INSERT OR REPLACE INTO counters (name, value) VALUES ('revision', ?)")
  }

  load(): { items: Row[]; revision: number } {
    const items = [...this.#database.prepare('SELECT key, value, revision FROM objects').iterate()] as Row[]
    const [counter] = [...this.#database.prepare("SELECT value FROM counters WHERE name = 'revision'").iterate()]
    const reserved = (counter as { value: number } | undefined)?.value ?? 0
    return { items: items.map(plainRow), revision: items.reduce((most, row) => Math.max(most, row.revision), reserved) }
  }

  /** All of `records` or, when it throws, none. */
  commit(records: readonly JournalRecord[]): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const record of records) this.#apply(record)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  close(): void {
    this.#database.close()
  }

  #apply(record: JournalRecord): void {
    switch (record.type) {
      case 'put':
        this.#put.run(record.key, record.value, record.revision)
        break
      case 'delete':
        this.#delete.run(record.key)
        break
      case 'reserve':
        this.#reserve.run(record.revision)
        break
    }
  }

  /** SQLite rolls back by itself after some errors; a second time is refused, and that is fine. */
  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK')
    } catch {
      // nothing was open
    }
  }
}

function checkFormat(database: Database): void {
  const [row] = [...database.prepare('PRAGMA user_version').iterate()] as { user_version: number }[]
  const format = row?.user_version ?? 0
  if (format > FORMAT) throw new Error(`its format ${format} is newer than this version can read (${FORMAT})`)
}

/** Drivers hand out objects and buffers of their own making; these can be sent to another thread. */
function plainRow({ key, value, revision }: Row): Row {
  return { key, value: new Uint8Array(value), revision }
}
