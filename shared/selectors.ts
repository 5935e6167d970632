import type { LabelSelector } from './api/generated/meta-v1.ts'

type Labels = Readonly<Record<string, string>> | undefined

/** `operator` as in a LabelSelector, plus `Gt` and `Lt` of node affinity. */
export interface Requirement {
  key: string
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  values: readonly string[]
}

/** True where `labels` meets every requirement; none is met by all. */
export function matchesRequirements(requirements: readonly Requirement[], labels: Labels): boolean {
  return requirements.every((requirement) => matchesRequirement(requirement, labels))
}

function matchesRequirement({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return isInteger(value) && isInteger(values[0]) && BigInt(value) > BigInt(values[0])
    case 'Lt':
      return isInteger(value) && isInteger(values[0]) && BigInt(value) < BigInt(values[0])
  }
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^-?\d+$/.test(text)
}

export function requirementsOf(selector: LabelSelector): Requirement[] {
  const equalities = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): Requirement => ({ key, operator: 'In', values: [value] }),
  )
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values }): Requirement => ({
      key,
      operator: operator as Requirement['operator'],
      values: values ?? [],
    }),
  )
  return [...equalities, ...expressions]
}

/** A missing selector matches nothing, an empty one everything: Kubernetes' rule for `spec.selector`. */
export function matchesLabelSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  return selector !== undefined && matchesRequirements(requirementsOf(selector), labels)
}

/**
 * Parses the text of a `labelSelector` query: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
 * Throws an Error that names the part which cannot be read.
 */
export function parseLabelSelector(text: string): Requirement[] {
  return splitOutsideParentheses(text).map(parseTerm)
}

const TERM =
  /^(?:(?<not>!)\s*(?<absent>[^\s!=<>(),]+)|(?<key>[^\s!=<>(),]+)\s*(?:(?<op>==?|!=|<|>)\s*(?<value>[^\s!=<>(),]*)|\s(?<set>in|notin)\s*\((?<values>[^()]*)\))?)$/

function parseTerm(text: string): Requirement {
  const groups = TERM.exec(text.trim())?.groups
  if (!groups) throw new Error(`unable to parse requirement: ${JSON.stringify(text.trim())}`)
  if (groups.not) return { key: groups.absent ?? '', operator: 'DoesNotExist', values: [] }
  const key = groups.key ?? ''
  if (groups.set) {
    const values = (groups.values ?? '').split(',').map((value) => value.trim())
    return { key, operator: groups.set === 'in' ? 'In' : 'NotIn', values }
  }
  if (groups.op === undefined) return { key, operator: 'Exists', values: [] }
  const operators = { '=': 'In', '==': 'In', '!=': 'NotIn', '<': 'Lt', '>': 'Gt' } as const
  return { key, operator: operators[groups.op as keyof typeof operators], values: [groups.value ?? ''] }
}

function splitOutsideParentheses(text: string): string[] {
  if (text.trim() === '') return []
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++
    if (text[i] === ')') depth--
    if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  return [...parts, text.slice(start)]
}

/** One comparison of a field selector. */
export interface FieldRequirement {
  field: string
  equals: boolean
  value: string
}

/**
 * Parses `metadata.name=x,status.phase!=Running`; a backslash before a comma, an equals sign or a backslash takes it
 * literally. Throws an Error that names the part which cannot be read.
 */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const parts = text.match(/(?:\\.|[^,\\])+/gs) ?? []
  return parts.filter((part) => part.trim() !== '').map(parseComparison)
}

function parseComparison(part: string): FieldRequirement {
  const match = /^\s*([^=!\s]+)\s*(==|!=|=)(.*)$/s.exec(part)
  if (!match) throw new Error(`invalid selector: ${JSON.stringify(part)}; can't understand`)
  const [, field = '', operator, value = ''] = match
  return { field, equals: operator !== '!=', value: value.trim().replace(/\\([,=\\])/g, '$1') }
}
