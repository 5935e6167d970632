import type { FieldSupport, TypeSupport } from '../shared/pod-fields/field-support.ts'
import { HONOURED_TYPES, POD_FIELD_SUPPORT } from '../shared/pod-fields/pod-field-support.ts'

const BEGIN = '<!-- pod-fields: written by scripts/generate-pod-field-table.ts -->'
const END = '<!-- /pod-fields -->'

/** Every field below a Pod's spec and its state, as Markdown: a table for each type, what is honoured in its first row. */
export function podFieldTable(): string {
  const tables = Object.entries(POD_FIELD_SUPPORT).map(([type, support]) => typeTable(type, support))
  const whole = HONOURED_TYPES.map(shortName).join(', ')
  return [...tables, `Honoured whole, wherever a field above holds one: ${whole}.`].join('\n\n')
}

/** The page with `table` between its two marks; throws where they are missing. */
export function withPodFieldTable(page: string, table: string): string {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`no place for the table: ${BEGIN} ... ${END}`)
  return `${before}${BEGIN}\n${table}\n${END}${after}`
}

function typeTable(type: string, support: TypeSupport): string {
  const fields = Object.entries(support)
  const honoured = fields.filter(([, { state }]) => state === 'honoured').map(([field]) => `\`${field}\``)
  const rows = fields.flatMap(([field, state]) => exceptionRow(field, state))
  const first = honoured.length > 0 ? [`| ${honoured.join(', ')} | honoured |`] : []
  return [`| ${shortName(type)} | |`, '|---|---|', ...first, ...rows].join('\n')
}

function exceptionRow(field: string, support: FieldSupport): string[] {
  if (support.state === 'honoured') return []
  const values = support.values ? ` ${support.values}` : ''
  const verb = support.state === 'refused' ? 'refused' : 'accepted with a warning'
  return [`| \`${field}\`${values} | ${verb}: ${support.reason} |`]
}

function shortName(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1)
}
