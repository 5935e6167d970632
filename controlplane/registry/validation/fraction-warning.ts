import { parseMilli } from '../../../shared/quantity.ts'

/** Whoever asks for a part of a byte hardly means it: `100m` of memory is a tenth of a byte. */
export function fractionWarning(amount: string | undefined, path: string): string[] {
  if (amount === undefined || parseMilli(amount) % 1000n === 0n) return []
  return [`${path}: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`]
}
