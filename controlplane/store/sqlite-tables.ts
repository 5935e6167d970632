import type { JournalRecord, Recovered } from './journal.ts'
import { type Database, resultCodeOf, type Statement } from './sqlite-database.ts'
import { checksumOf, StateDigest } from './state-digest.ts'
import { OutcomeUnknown } from './store.ts'

const FORMAT = 2

/** WAL and FULL are set on every open: a commit has reached the disk when it returns. EXCLUSIVE keeps others out. */
const SETTINGS = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
`
const TABLES = `
  CREATE TABLE objects (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL, checksum TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, seal TEXT NOT NULL);
  PRAGMA user_version = ${FORMAT};
`

/** Damaged text is not always Unicode, and a driver may not stand that: it is read as bytes. */
const ALL_OBJECTS = `
  SELECT CAST(key AS BLOB) AS key, CAST(value AS BLOB) AS value, CAST(revision AS INTEGER) AS revision,
    CAST(checksum AS BLOB) AS checksum
  FROM objects
`
const HEAD = 'SELECT CAST(revision AS INTEGER) AS revision, CAST(seal AS BLOB) AS seal FROM head'

/** SQLITE_FULL and SQLITE_IOERR_WRITE: the last page of a commit, which makes it one, is not in the log. */
const NOT_WRITTEN = [13, 778]

const PAGES_IN_ORDER = "SELECT count(*) AS isInOrder FROM pragma_quick_check WHERE quick_check = 'ok'"

/** Buffers of the driver's own making, or null where a damaged row has nothing. */
type Blob = Uint8Array | ArrayBuffer | null

interface ObjectRow {
  key: Blob
  value: Blob
  revision: number
  checksum: Blob
}

interface HeadRow {
  revision: number
  seal: Blob
}

interface Item {
  readonly key: string
  readonly value: Uint8Array
  readonly revision: number
}

/** What every commit goes on from. */
interface Head {
  /** The revision up to which numbers may have been given out. */
  readonly revision: number
  readonly digest: StateDigest
}

/**
 * The store's tables: the newest value of each key, and a head whose seal covers them all. SQLite knows when its log is
 * torn, but not when a page has changed or when log and pages are of different times; the seal does.
 */
export class SqliteTables {
  readonly #database: Database
  readonly #checksum: Statement
  readonly #put: Statement
  readonly #delete: Statement
  readonly #head: Statement
  #last: Head = { revision: 0, digest: new StateDigest() }

  constructor(database: Database) {
    this.#database = database
    this.#checksum = database.prepare('SELECT checksum FROM objects WHERE key = ?')
    this.#put = database.prepare('INSERT OR REPLACE INTO objects (key, value, revision, checksum) VALUES (?, ?, ?, ?)')
    this.#delete = database.prepare('DELETE FROM objects WHERE key = ?')
    this.#head = database.prepare('INSERT OR REPLACE INTO head (id, revision, seal) VALUES (1, ?, ?)')
  }

  /** All that is there. Throws where it is not what was written. */
  load(): Recovered & { items: Item[] } {
    checkPages(this.#database)
    const [head] = [...this.#database.prepare(HEAD).iterate()] as HeadRow[]
    const items: Item[] = []
    let digest = new StateDigest()
    for (const row of this.#database.prepare(ALL_OBJECTS).iterate() as Iterable<ObjectRow>) {
      const item = itemOf(row)
      const checksum = checksumOf(item)
      if (checksum !== textOf(row.checksum))
        throw damaged(`the entry ${JSON.stringify(item.key)} is not as it was written`)
      digest = digest.toggle(checksum)
      items.push(item)
    }
    if (!head || digest.seal(head.revision) !== textOf(head.seal)) throw damaged('its parts are of different times')
    this.#last = { revision: head.revision, digest }
    return { items, revision: items.reduce((most, item) => Math.max(most, item.revision), head.revision) }
  }

  /** All of `records` or, when it throws, none; throws OutcomeUnknown when it cannot be known which. */
  commit(records: readonly JournalRecord[]): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const next = records.reduce((head, record) => this.#apply(record, head), this.#last)
      this.#head.run(next.revision, next.digest.seal(next.revision))
      this.#makeDurable()
      this.#last = next
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  close(): void {
    this.#database.close()
  }

  #apply(record: JournalRecord, { revision, digest }: Head): Head {
    switch (record.type) {
      case 'put': {
        const checksum = checksumOf(record)
        const without = this.#without(record.key, digest)
        this.#put.run(record.key, record.value, record.revision, checksum)
        return { revision, digest: without.toggle(checksum) }
      }
      case 'delete': {
        const without = this.#without(record.key, digest)
        this.#delete.run(record.key)
        return { revision, digest: without }
      }
      case 'reserve':
        return { revision: record.revision, digest }
    }
  }

  /**
   * After an error of the sync the commit is whole in the log, as far as this machine's memory goes, though SQLite takes
   * it for undone: the next start may find it.
   */
  #makeDurable(): void {
    try {
      this.#database.exec('COMMIT')
    } catch (error) {
      if (NOT_WRITTEN.includes(resultCodeOf(error) ?? 0)) throw error
      throw new OutcomeUnknown(error)
    }
  }

  #without(key: string, digest: StateDigest): StateDigest {
    const [row] = [...this.#checksum.iterate(key)] as { checksum: string }[]
    return row ? digest.toggle(row.checksum) : digest
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

/** The tables of a state that is there; `load` comes before the first commit. */
export function openTables(database: Database): SqliteTables {
  database.exec(SETTINGS)
  checkFormat(database)
  return new SqliteTables(database)
}

/**
 * The tables of a new state, with nothing in them, in an empty database. It keeps SQLite's own settings, with which all
 * is in the one file, and no lock is held, after each commit: a driver may close only when it collects garbage.
 */
export function createTables(database: Database): SqliteTables {
  database.exec(`BEGIN; ${TABLES} COMMIT`)
  const tables = new SqliteTables(database)
  tables.commit([])
  return tables
}

function checkFormat(database: Database): void {
  const [row] = [...database.prepare('PRAGMA user_version').iterate()] as { user_version: number }[]
  const format = row?.user_version ?? 0
  if (format === FORMAT) return
  if (format === 0) throw damaged('it is not a state of Kubette')
  throw new Error(
    `its format ${format} is ${format > FORMAT ? 'newer' : 'older'} than this version can read (${FORMAT})`,
  )
}

/** Finds what would let a later write go over what is in use; whether what is there is right, the checksums say. */
function checkPages(database: Database): void {
  const [row] = [...database.prepare(PAGES_IN_ORDER).iterate()] as { isInOrder: number }[]
  if (!row?.isInOrder) throw damaged('its pages do not fit together')
}

/** With buffers that can be sent to another thread. */
function itemOf({ key, value, revision }: ObjectRow): Item {
  return { key: textOf(key), value: new Uint8Array(value ?? []), revision }
}

function textOf(blob: Blob): string {
  return new TextDecoder().decode(new Uint8Array(blob ?? []))
}

function damaged(why: string): Error {
  return new Error(`the file is damaged (${why}); restore a backup`)
}
