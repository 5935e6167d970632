import { isQuantity } from '../quantity.ts'

const NANO = 9
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const PARTS = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/
const LARGEST_POWER = 30

/**
 * The one way in which Kubernetes writes an amount: `0.5` is `500m`, `1000m` is `1`, `1024Mi` is `1Gi`, `1.5Gi` is
 * `1536Mi`. The kind of suffix stays (`1e3` is `1e3`), fractions below a billionth are rounded up.
 * Undefined for text that is no quantity or out of range.
 */
export function canonicalQuantity(text: string): string | undefined {
  const match = isQuantity(text) ? PARTS.exec(text) : null
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', exponent, suffix = ''] = match
  const digits = BigInt(whole + fraction)
  if (digits === 0n) return '0'
  const minus = sign === '-' ? '-' : ''
  if (suffix.endsWith('i')) {
    const units = digits * 1024n ** BigInt(BINARY_SUFFIXES.indexOf(suffix))
    return minus + formatBinary(toNano(units, -fraction.length))
  }
  const power = exponent === undefined ? (DECIMAL_SUFFIXES.indexOf(suffix) - 3) * 3 : Number(exponent)
  if (Math.abs(power) > LARGEST_POWER) return undefined
  const nano = toNano(digits, power - fraction.length)
  return minus + (exponent === undefined ? formatDecimal(nano) : formatExponent(nano))
}

/** `digits` times ten to the `power`, in billionths, rounded away from zero. */
function toNano(digits: bigint, power: number): bigint {
  const shift = power + NANO
  if (shift >= 0) return digits * 10n ** BigInt(shift)
  const divisor = 10n ** BigInt(-shift)
  return (digits + divisor - 1n) / divisor
}

function formatDecimal(nano: bigint): string {
  const { value, steps } = stripThousands(nano, DECIMAL_SUFFIXES.length - 1)
  return `${value}${DECIMAL_SUFFIXES[steps]}`
}

function formatExponent(nano: bigint): string {
  const { value, steps } = stripThousands(nano, Number.POSITIVE_INFINITY)
  return steps === 3 ? String(value) : `${value}e${(steps - 3) * 3}`
}

function stripThousands(nano: bigint, mostSteps: number): { value: bigint; steps: number } {
  let value = nano
  let steps = 0
  for (; steps < mostSteps && value % 1000n === 0n; steps++) value /= 1000n
  return { value, steps }
}

/** Amounts below 1024, and such as are not whole, are written in decimal, as Kubernetes does. */
function formatBinary(nano: bigint): string {
  const unit = 10n ** BigInt(NANO)
  if (nano < 1024n * unit || nano % unit !== 0n) return formatDecimal(nano)
  let value = nano / unit
  let steps = 0
  for (; steps < BINARY_SUFFIXES.length - 1 && value % 1024n === 0n; steps++) value /= 1024n
  return `${value}${BINARY_SUFFIXES[steps]}`
}
