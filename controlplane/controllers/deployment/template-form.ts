import type { PodTemplateSpec } from '../../../shared/api/generated/core-v1.ts'
import { type FieldSchema, hasTypeSchema, typeSchema } from '../../../shared/api/schema.ts'
import { isQuantity, parseMilli } from '../../../shared/quantity.ts'

/** The label that tells the ReplicaSets of one Deployment apart. */
export const TEMPLATE_HASH_LABEL = 'pod-template-hash'

const known = new WeakMap<PodTemplateSpec, string>()

/**
 * A text that is the same for templates that mean the same, whatever their hash label: keys sorted, quantities
 * normalized, and left out what a Go client leaves out or adds when it passes a template on (`resources: {}`,
 * `creationTimestamp: null`, `tty: false`). Otherwise `kubectl rollout undo` would not find its old ReplicaSet.
 */
export function templateForm(template: PodTemplateSpec): string {
  const cached = known.get(template)
  if (cached !== undefined) return cached
  const { [TEMPLATE_HASH_LABEL]: _, ...labels } = template.metadata?.labels ?? {}
  const plain = { ...template, metadata: { ...template.metadata, labels } }
  const form = JSON.stringify(formOf(plain, { number: 0, type: 'core.v1.PodTemplateSpec' }) ?? {})
  known.set(template, form)
  return form
}

/** Booleans that Go holds as plain values: it writes none where they are false. */
const FALSE_IS_ABSENT = new Set(['hostIPC', 'hostNetwork', 'hostPID', 'readOnly', 'stdin', 'stdinOnce', 'tty'])

/** Undefined stands for what is as good as absent. */
function formOf(value: unknown, field: FieldSchema | undefined, name = ''): unknown {
  if (value === null || value === undefined) return undefined
  if (Array.isArray(value)) {
    const items = value.map((item) => formOf(item, field) ?? {})
    return items.length > 0 ? items : undefined
  }
  if (typeof value === 'object') return formOfObject(value, field)
  if (field?.type === 'quantity' && isQuantity(String(value))) return `${parseMilli(String(value))}m`
  return (value === false && FALSE_IS_ABSENT.has(name)) || value === '' ? undefined : value
}

function formOfObject(object: object, field: FieldSchema | undefined): object | undefined {
  const isMap = field?.map === true
  const fields = !isMap && field && hasTypeSchema(field.type) ? typeSchema(field.type) : {}
  const form: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const inner = isMap
      ? (formOf(value, field && ({ ...field, map: undefined } as FieldSchema)) ?? value)
      : formOf(value, fields[name], name)
    if (inner !== undefined) form[name] = inner
  }
  return Object.keys(form).length > 0 ? form : undefined
}
