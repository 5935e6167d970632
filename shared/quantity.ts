/** A Kubernetes quantity ("100m", "1.5Gi", "1e3") as an exact count of thousandths. */
export type Milli = bigint

const PATTERN = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE])([+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const BINARY: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n }

export function isQuantity(text: string): boolean {
  return PATTERN.test(text)
}

/** In thousandths, rounded up as Kubernetes does. Throws on text that is no quantity. */
export function parseMilli(text: string | number): Milli {
  const match = PATTERN.exec(String(text).trim())
  if (!match) throw new Error(`not a quantity: ${JSON.stringify(text)}`)
  const [, sign, digits = '', , exponent, suffix] = match
  const [whole = '', fraction = ''] = digits.split('.')
  let numerator = BigInt(whole + fraction)
  let power = 3 - fraction.length + (exponent ? Number(exponent) : 0)
  if (suffix && suffix in DECIMAL) power += DECIMAL[suffix] ?? 0
  if (suffix && suffix in BINARY) numerator <<= BINARY[suffix] ?? 0n
  if (Math.abs(power) > 60) throw new Error(`quantity out of range: ${JSON.stringify(text)}`)
  const value = power >= 0 ? numerator * 10n ** BigInt(power) : ceilDiv(numerator, 10n ** BigInt(-power))
  return sign === '-' ? -value : value
}

/** The same amount, but where it is finer than a thousandth: then the next thousandth. */
export function roundUpToMilli(text: string): string {
  return /[nu]$|e-\d+$/.test(text) ? formatMilli(parseMilliNumber(text)) : text
}

/** In whole units, rounded up: bytes for memory, pods for pods. */
export function parseUnits(text: string | number): number {
  return Number(ceilDiv(parseMilli(text), 1000n))
}

/** In thousandths as a number: millicores for cpu. */
export function parseMilliNumber(text: string | number): number {
  return Number(parseMilli(text))
}

/** Bytes as the largest binary unit that divides them: 1073741824 is `1Gi`, 1500 is `1500`. */
export function formatBytes(bytes: number): string {
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi']
  let unit = 0
  let value = bytes
  while (value !== 0 && value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value}${units[unit]}`
}

/** A count with the largest decimal unit that divides it: 2000 is `2k`. */
export function formatCount(count: number): string {
  const units = ['', 'k', 'M', 'G', 'T']
  let unit = 0
  let value = count
  while (value !== 0 && value % 1000 === 0 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value}${units[unit]}`
}

/** Millicores: 1500 is `1500m`, 2000 is `2`. */
export function formatMilli(milli: number): string {
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return a > 0n ? (a + b - 1n) / b : a / b
}
