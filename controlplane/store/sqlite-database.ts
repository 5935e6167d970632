import { closeSync, openSync } from 'node:fs'
import { messageOf } from '../../shared/error-message.ts'

/** The part of a SQLite driver that the store needs; `node:sqlite` and `libsql` both have it. All calls block. */
export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

export interface Statement {
  run(...parameters: SqlValue[]): unknown
  iterate(...parameters: SqlValue[]): Iterable<unknown>
}

/** SQLite's own extended result code of an error that either driver threw; undefined for any other error. */
export function resultCodeOf(error: unknown): number | undefined {
  const { rawCode, errcode } = error as { rawCode?: number; errcode?: number }
  return rawCode ?? errcode
}

type SqlValue = string | number | Uint8Array
type Driver = new (path: string) => Database

/** Only the owner may read it: there are Secrets in it. SQLite gives its other files the same mode. */
const FILE_MODE = 0o600

/** Opens with Node's own driver where there is one (22.13 and newer), else with the optional dependency libsql. */
export async function openDatabase(path: string): Promise<Database> {
  const Driver = (await nodeDriver()) ?? (await libsqlDriver())
  closeSync(openSync(path, 'a', FILE_MODE))
  return new Driver(path)
}

async function nodeDriver(): Promise<Driver | undefined> {
  const name = 'node:sqlite' // no literal: the types of the oldest supported Node do not have it
  try {
    return ((await import(name)) as { DatabaseSync: Driver }).DatabaseSync
  } catch {
    return undefined
  }
}

async function libsqlDriver(): Promise<Driver> {
  const name = 'libsql'
  try {
    return ((await import(name)) as { default: Driver }).default
  } catch (cause) {
    const why = messageOf(cause)
    throw new Error(`no SQLite driver: use Node 22.13 or newer, or the optional dependency libsql (${why})`, { cause })
  }
}
