import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'

/** What a writer does to a key: gives it the value that `id` stands for, or deletes it. */
export interface Change {
  readonly key: string
  /** Absent for a deletion; else never the same twice. */
  readonly id?: string
}

export interface FoundEntry {
  readonly key: string
  readonly revision: number
  /** SHA-256 of the value in hex. */
  readonly hash: string
}

/** What is there after a start. */
export interface Found {
  readonly revision: number
  readonly entries: readonly FoundEntry[]
}

/** The value that `id` stands for: some are longer than a page of the database, some than ten. */
export function contentOf(key: string, id: string): string {
  const seed = createHash('sha256').update(id).digest()
  return `${key} ${id} ${'x'.repeat(seed.readUInt16BE(0) % ((seed[2] as number) < 16 ? 40_000 : 600))}`
}

export function hashOf(value: Uint8Array | string): string {
  return createHash('sha256').update(value).digest('hex')
}

/**
 * What must be there, judged from outside: every acknowledged change and nothing else. A change that was not
 * acknowledged may be there or not, but whole. Each key has one writer, which does one thing at a time.
 */
export class DurableModel {
  readonly #certain = new Map<string, { id: string; revision: number }>()
  readonly #unknown = new Map<string, Change>()
  #newest = 0
  acknowledged = 0
  refused = 0
  /** Changes that were found though nobody was told. */
  survived = 0

  get answered(): number {
    return this.acknowledged + this.refused
  }

  intend(change: Change): void {
    this.#unknown.set(change.key, change)
  }

  /** A deletion's revision may be that of what it deleted, where its writer is told no other. */
  acknowledge({ key, id }: Change, revision: number): void {
    const before = this.#certain.get(key)?.revision ?? 0
    assert.ok(id === undefined ? revision >= before : revision > before, `${key}: revision ${revision} runs backwards`)
    this.#unknown.delete(key)
    if (id === undefined) this.#certain.delete(key)
    else this.#certain.set(key, { id, revision })
    this.#newest = Math.max(this.#newest, revision)
    this.acknowledged++
  }

  /** Its writer was told that it did not happen: it must not be there, now or later. */
  refuse({ key }: Change): void {
    this.#unknown.delete(key)
    this.refused++
  }

  /** Throws where `found` is not what must be there; else goes on from it. */
  check({ revision, entries }: Found): void {
    assert.ok(revision >= this.#newest, `revision ${revision} was found, but ${this.#newest} had been given out`)
    const found = new Map(entries.map((entry) => [entry.key, entry]))
    for (const key of new Set([...found.keys(), ...this.#certain.keys(), ...this.#unknown.keys()])) {
      this.#checkKey(key, found.get(key))
    }
    this.#unknown.clear()
    this.#newest = revision
  }

  #checkKey(key: string, found: FoundEntry | undefined): void {
    const certain = this.#certain.get(key)
    if (found?.revision === certain?.revision) {
      if (certain) assert.equal(found?.hash, hashOf(contentOf(key, certain.id)), `${key}: a torn value`)
      return
    }
    const unknown = this.#unknown.get(key)
    const state = `found ${JSON.stringify(found)}, acknowledged ${JSON.stringify(certain)}`
    assert.ok(unknown, `${key}: ${state}`)
    this.survived++
    if (unknown.id === undefined) {
      assert.equal(found, undefined, `${key}: ${state}, perhaps deleted`)
      this.#certain.delete(key)
      return
    }
    assert.equal(found?.hash, hashOf(contentOf(key, unknown.id)), `${key}: ${state}, perhaps ${unknown.id}`)
    assert.ok(found && found.revision > (certain?.revision ?? 0), `${key}: ${state}`)
    this.#certain.set(key, { id: unknown.id, revision: found.revision })
  }
}
