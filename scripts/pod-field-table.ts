import type { FieldSupport, TypeSupport } from '../shared/pod-fields/field-support.ts'
import { HONOURED_TYPES, POD_FIELD_SUPPORT } from '../shared/pod-fields/pod-field-support.ts'

/** Every field below a Pod's spec and its state, as Markdown: a table for each type, what is honoured in its first row. */
export function podFieldTable(): string {
  const tables = Object.entries(POD_FIELD_SUPPORT).map(([type, support]) => typeTable(type, support))
  const whole = HONOURED_TYPES.map(shortName).join(', ')
  return [...tables, `Honoured whole, wherever a field above holds one: ${whole}.`].join('\n\n')
}

function typeTable(type: string, support: TypeSupport): string {
  const rows = new Map<string, string[]>()
  for (const [field, state] of Object.entries(support)) {
    const becomes = describe(state)
    rows.set(becomes, [...(rows.get(becomes) ?? []), `\`${field}\`${valuesOf(state)}`])
  }
  const honoured = rows.get(HONOURED)
  rows.delete(HONOURED)
  const ordered = [...(honoured ? [[HONOURED, honoured] as const] : []), ...rows]
  const lines = ordered.map(([becomes, fields]) => `| ${fields.join(', ')} | ${becomes} |`)
  return [`| ${shortName(type)} | |`, '|---|---|', ...lines].join('\n')
}

const HONOURED = 'honoured'

function describe(support: FieldSupport): string {
  if (support.state === 'honoured') return HONOURED
  return `${support.state === 'refused' ? 'refused' : 'accepted with a warning'}: ${support.reason}`
}

function valuesOf(support: FieldSupport): string {
  return support.state !== 'honoured' && support.values ? ` (${support.values})` : ''
}

function shortName(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1)
}
