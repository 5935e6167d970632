import { randomFillSync } from 'node:crypto'
import { customRandom } from 'nanoid'

/** The only way to chance. A seeded one makes a simulation repeatable. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  bytes(count: number): Uint8Array
}

export const systemRandom: Random = {
  next: () => Buffer.from(systemBytes(6)).readUIntBE(0, 6) / 2 ** 48,
  bytes: systemBytes,
}

/** What is taken from the system at a time: a call for each few bytes would cost more than all that is made of them. */
const pool = Buffer.alloc(4096)
let used = pool.length

/** Never the same place of the pool twice. */
function systemBytes(count: number): Uint8Array {
  if (count > pool.length) return randomFillSync(new Uint8Array(count))
  if (used + count > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const taken = new Uint8Array(pool.subarray(used, used + count))
  pool.fill(0, used, used + count)
  used += count
  return taken
}

/** No vowels, and no digits that look like one, so that names spell nothing (Kubernetes' alphabet for suffixes). */
export const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** A suffix for `generateName`: five characters unless told. */
export function nameSuffix(random: Random, length = 5): string {
  return customRandom(NAME_ALPHABET, length, (count) => random.bytes(count))()
}

/** A UUID of version 4. */
export function uuid(random: Random): string {
  const bytes = random.bytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Buffer.from(bytes).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** An integer in [0, bound). */
export function randomInt(random: Random, bound: number): number {
  return Math.floor(random.next() * bound)
}
