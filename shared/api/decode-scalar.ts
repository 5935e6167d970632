import { timestamp } from '../clock.ts'
import { canonicalQuantity } from './canonical-quantity.ts'
import type { Scalar } from './schema.ts'

/** What a scalar may be: `accept` returns its normal form, or undefined where `value` is none. */
interface ScalarRule {
  readonly expected: string
  accept(value: unknown): unknown
}

const INT32_LIMIT = 2 ** 31
const MOST_RAW_DEPTH = 100

/** The rule of each scalar of the schema. JSON values in, JSON values out. */
export const SCALAR_RULES: Readonly<Record<Scalar, ScalarRule>> = {
  string: rule('a string', (value) => (typeof value === 'string' ? value : undefined)),
  bool: rule('true or false', (value) => (typeof value === 'boolean' ? value : undefined)),
  int32: rule('an integer of 32 bits', int32),
  int64: rule('an integer', (value) => (Number.isSafeInteger(value) ? value : undefined)),
  double: rule('a number', (value) => (typeof value === 'number' ? value : undefined)),
  bytes: rule('a string in base64', (value) => (typeof value === 'string' ? base64(value) : undefined)),
  quantity: rule('a quantity such as 100m or 1Gi', quantity),
  intOrString: rule('an integer or a string', (value) => (typeof value === 'string' ? value : int32(value))),
  time: rule('a time such as 2006-01-02T15:04:05Z', time),
  microTime: rule('a time such as 2006-01-02T15:04:05.000000Z', microTime),
  raw: rule('JSON that is not nested too deep', (value) => (isShallow(value, MOST_RAW_DEPTH) ? value : undefined)),
  fieldsV1: rule('an object', (value) =>
    isPlainObject(value) && isShallow(value, MOST_RAW_DEPTH) ? value : undefined,
  ),
  stringList: rule('a list of strings', (value) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined,
  ),
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function rule(expected: string, accept: ScalarRule['accept']): ScalarRule {
  return { expected, accept }
}

function int32(value: unknown): number | undefined {
  const fits = Number.isInteger(value) && Number(value) >= -INT32_LIMIT && Number(value) < INT32_LIMIT
  return fits ? Number(value) : undefined
}

function base64(text: string): string | undefined {
  const compact = text.replace(/[\r\n]/g, '')
  return compact.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(compact) ? compact : undefined
}

/** Of text that is no base64: where that begins. Its end where only something is missing. */
export function illegalBase64At(text: string): number {
  return /^[A-Za-z0-9+/\r\n]*={0,2}/.exec(text)?.[0].length ?? 0
}

function quantity(value: unknown): string | undefined {
  if (typeof value === 'number') return canonicalQuantity(String(value))
  return typeof value === 'string' ? canonicalQuantity(value.trim()) : undefined
}

const RFC3339 = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/

function time(value: unknown): string | undefined {
  const match = typeof value === 'string' ? RFC3339.exec(value) : null
  if (!match) return undefined
  const ms = Date.parse(`${match[1]}T${match[2]}${match[4]}`)
  return Number.isNaN(ms) ? undefined : timestamp(ms)
}

function microTime(value: unknown): string | undefined {
  const seconds = time(value)
  if (!seconds) return undefined
  const fraction = RFC3339.exec(String(value))?.[3] ?? ''
  return `${seconds.slice(0, -1)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`
}

/** Nests no deeper than `depth`, so that it is safe to walk through by recursion. */
export function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((item) => isShallow(item, depth - 1))
}
