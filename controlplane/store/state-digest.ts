import { createHash } from 'node:crypto'

/** Hex digits of a checksum: 128 bits. */
const CHECKSUM_DIGITS = 32

/** Of one entry, in hex: whatever changes in it changes this. */
export function checksumOf({ key, value, revision }: { key: string; value: Uint8Array; revision: number }): string {
  return shortHash(`${key.length} ${revision} ${key}`, value)
}

/**
 * Of a whole state, whatever the order of its entries. It follows a change of one entry without a look at the others,
 * and an entry that is lost, too many or out of date shows in it. Immutable.
 */
export class StateDigest {
  readonly #sum: bigint

  constructor(sum = 0n) {
    this.#sum = sum
  }

  /** With the entry that has this checksum; without it, where it was in. */
  toggle(checksum: string): StateDigest {
    return new StateDigest(this.#sum ^ BigInt(`0x${checksum}`))
  }

  /** What is kept beside the state: binds its entries to the revision up to which numbers may have been given out. */
  seal(revision: number): string {
    return shortHash(`state ${revision} ${this.#sum}`)
  }
}

function shortHash(text: string, bytes: Uint8Array = new Uint8Array()): string {
  return createHash('sha256').update(text).update(bytes).digest('hex').slice(0, CHECKSUM_DIGITS)
}
