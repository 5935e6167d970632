import { ApiError } from '../../../shared/api/api-error.ts'

/** Reads query parameters with Kubernetes' rules; what it cannot read is a 400. */
export class Query {
  readonly #params: URLSearchParams

  constructor(params: URLSearchParams) {
    this.#params = params
  }

  text(name: string): string | undefined {
    return this.#params.get(name) || undefined
  }

  texts(name: string): string[] {
    return this.#params.getAll(name).filter((value) => value !== '')
  }

  /** Everything but absence, `false` and `0` is true (`watch=True` of Python clients, `?follow`). */
  flag(name: string): boolean {
    return this.optionalFlag(name) ?? false
  }

  optionalFlag(name: string): boolean | undefined {
    const value = this.#params.get(name)
    return value === null ? undefined : value.toLowerCase() !== 'false' && value !== '0'
  }

  /** An integer of at least `least`. */
  integer(name: string, least = 0): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const number = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN
    if (!Number.isSafeInteger(number)) throw invalid(name, value, 'must be an integer')
    if (number < least) throw invalid(name, value, `must be greater than or equal to ${least}`)
    return number
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const choice = choices.find((known) => known === value)
    if (choice === undefined) throw invalid(name, value, `supported values: ${choices.join(', ')}`)
    return choice
  }
}

function invalid(name: string, value: string, why: string): ApiError {
  return ApiError.badRequest(`invalid query parameter ${name}: invalid value ${JSON.stringify(value)}: ${why}`)
}
