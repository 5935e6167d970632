/**
 * What becomes of one field of a Pod's spec. `honoured`: it does what Kubernetes documents. `refused`: a Pod or template
 * that asks for it is not accepted. `warned`: it is accepted, and whoever sent it is told what it does not do.
 */
export type FieldSupport =
  | { readonly state: 'honoured' }
  | {
      readonly state: 'refused' | 'warned'
      /** Continues `spec.hostUsers: `: why it is not done. */
      readonly reason: string
      /** Whether a value asks for what is not there. */
      readonly isAskedFor: (value: unknown) => boolean
      /** Which values that is, in words, where it is not all of them. */
      readonly values?: string
    }

/** The fields of one type of the schema. */
export type TypeSupport = Readonly<Record<string, FieldSupport>>

export const honoured: FieldSupport = { state: 'honoured' }

export function refused(reason: string): FieldSupport {
  return { state: 'refused', reason, isAskedFor: isSet }
}

/** Refuses only some values: `values` says which, for people. */
export function refusedIf<T>(values: string, isAskedFor: (value: T) => boolean, reason: string): FieldSupport {
  return { state: 'refused', reason, values, isAskedFor: (value) => isSet(value) && isAskedFor(value as T) }
}

export function warnedIf<T>(values: string, isAskedFor: (value: T) => boolean, reason: string): FieldSupport {
  return { state: 'warned', reason, values, isAskedFor: (value) => isSet(value) && isAskedFor(value as T) }
}

/** Absent, null, empty text, an empty list: ways of asking for nothing. `{}` and `false` ask for something. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  return !Array.isArray(value) || value.length > 0
}
