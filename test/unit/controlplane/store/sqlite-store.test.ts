import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openSqliteStore } from '../../../../controlplane/store/sqlite-store.ts'
import { StoreUnavailable } from '../../../../controlplane/store/store.ts'
import { storeContract } from '../../../contracts/store.ts'

vi.setConfig({ testTimeout: 30_000 }) // each opens a thread of its own, on a machine that may be busy

let directory: string
let files = 0
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubette-store-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const newPath = () => join(directory, `${++files}.db`)
const bytes = (text: string) => new TextEncoder().encode(text)

storeContract('SqliteStore', (options) => openSqliteStore(newPath(), options))

describe('SqliteStore over a restart', () => {
  it('has everything back but the volatile keys, and goes on counting', async () => {
    const path = newPath()
    const options = { volatilePrefixes: ['/beat/'] }
    const before = await openSqliteStore(path, options)
    const kept = await before.put('/a', bytes('kept'), 0)
    const gone = await before.put('/b', bytes('gone'), 0)
    await before.delete('/b', gone.revision)
    await before.put('/beat/n1', bytes('now'), 0)
    await before.close()

    const after = await openSqliteStore(path, options)
    expect(after.revision).toBe(before.revision)
    const { items } = await after.list('/')
    expect(items).toEqual([{ key: '/a', value: bytes('kept'), revision: kept.revision }])
    const changed = await after.put('/a', bytes('changed'), kept.revision)
    expect(changed.revision).toBeGreaterThan(before.revision)
    await after.close()
  })

  it('writes nothing to disk for volatile keys once numbers are reserved', async () => {
    const path = newPath()
    const store = await openSqliteStore(path, { volatilePrefixes: ['/beat/'] })
    await store.put('/a', bytes('x'), 0)
    const size = () => statSync(`${path}-wal`).size
    const sizeBefore = size()
    for (let i = 0; i < 50; i++) await store.put(`/beat/${i}`, bytes('x'), 0)
    expect(size()).toBe(sizeBefore)
    await store.put('/b', bytes('x'), 0)
    expect(size()).toBeGreaterThan(sizeBefore)
    await store.close()
  })

  it('lets only the owner read its files', async () => {
    const path = newPath()
    const store = await openSqliteStore(path)
    await store.put('/a', bytes('x'), 0)
    for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777).toBe(0o600)
    await store.close()
  })

  it('refuses a file that another store has open, or that is no database', async () => {
    const path = newPath()
    const store = await openSqliteStore(path)
    await expect(openSqliteStore(path)).rejects.toThrow(StoreUnavailable)
    await store.close()
    const broken = newPath()
    writeFileSync(broken, 'this is no database at all, but long enough to be read as one'.repeat(20))
    await expect(openSqliteStore(broken)).rejects.toThrow(StoreUnavailable)
  })
})
