import type { FieldError } from '../../../shared/api/api-error.ts'

/** Collects what is wrong with an object, in the words of Kubernetes' `field.Error`. */
export class FieldErrors {
  readonly list: FieldError[] = []

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

  duplicate(field: string, value: unknown): void {
    this.#add(field, 'FieldValueDuplicate', `Duplicate value: ${show(value)}`)
  }

  forbidden(field: string, detail: string): void {
    this.#add(field, 'FieldValueForbidden', withDetail('Forbidden', detail))
  }

  notFound(field: string, value: unknown): void {
    this.#add(field, 'FieldValueNotFound', `Not found: ${show(value)}`)
  }

  tooLong(field: string, maxBytes: number): void {
    this.#add(field, 'FieldValueTooLong', `Too long: may not be more than ${maxBytes} bytes`)
  }

  tooMany(field: string, actual: number, max: number): void {
    this.#add(field, 'FieldValueTooMany', `Too many: ${actual}: must have at most ${max} items`)
  }

  typeInvalid(field: string, value: unknown, detail: string): void {
    this.#add(field, 'FieldValueTypeInvalid', withDetail(`Invalid value: ${show(value)}`, detail))
  }

  #add(field: string, reason: FieldError['reason'], message: string): void {
    this.list.push({ field, reason, message })
  }
}

function withDetail(text: string, detail: string): string {
  return detail ? `${text}: ${detail}` : text
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'null'
}
