import type { FieldError } from '../../../shared/api/api-error.ts'
import type { NameRule } from './names.ts'

/** Nobody reads more; without a bound a hostile object's answer would be larger than the object. */
const MOST_ERRORS = 100
const LONGEST_SHOWN = 1000

/** Collects what is wrong with an object, in the words of Kubernetes' `field.Error`: the first hundred things. */
export class FieldErrors {
  readonly list: FieldError[] = []

  /** Invalid, once for every reason that `rule` gives against `text`. */
  check(field: string, text: string, rule: NameRule): void {
    for (const why of rule(text)) this.invalid(field, text, why)
  }

  nonNegative(field: string, value: number | undefined): void {
    if (value !== undefined && value < 0) this.invalid(field, value, 'must be greater than or equal to 0')
  }

  /** `value` must be one of `supported`; empty counts as not given. */
  oneOf(field: string, value: string | undefined, supported: readonly string[]): void {
    if (!value) this.required(field)
    else if (!supported.includes(value)) this.notSupported(field, value, supported)
  }

  required(field: string, detail = ''): void {
    this.#add(field, 'FieldValueRequired', withDetail('Required value', detail))
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.#add(field, 'FieldValueInvalid', withDetail(`Invalid value: ${show(value)}`, detail))
  }

  notSupported(field: string, value: unknown, supported: readonly string[]): void {
    const detail = `supported values: ${supported.map((text) => JSON.stringify(text)).join(', ')}`
    this.#add(field, 'FieldValueNotSupported', `Unsupported value: ${show(value)}: ${detail}`)
  }

  duplicate(field: string, value: unknown, detail = ''): void {
    this.#add(field, 'FieldValueDuplicate', withDetail(`Duplicate value: ${show(value)}`, detail))
  }

  forbidden(field: string, detail: string): void {
    this.#add(field, 'FieldValueForbidden', withDetail('Forbidden', detail))
  }

  notFound(field: string, value: unknown): void {
    this.#add(field, 'FieldValueNotFound', `Not found: ${show(value)}`)
  }

  tooMany(field: string, count: number, max: number): void {
    this.#add(field, 'FieldValueTooMany', `Too many: ${count}: must have at most ${max} items`)
  }

  tooLong(field: string, maxBytes: number): void {
    this.#add(field, 'FieldValueTooLong', `Too long: may not be more than ${maxBytes} bytes`)
  }

  #add(field: string, reason: FieldError['reason'], message: string): void {
    if (this.list.length < MOST_ERRORS) this.list.push({ field, reason, message })
  }
}

function withDetail(text: string, detail: string): string {
  return detail ? `${text}: ${detail}` : text
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text
}
