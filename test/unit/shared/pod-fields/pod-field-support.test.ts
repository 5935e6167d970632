import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withGeneratedSection } from '../../../../scripts/generated-section.ts'
import { podFieldTable } from '../../../../scripts/pod-field-table.ts'
import { hasTypeSchema, typeSchema } from '../../../../shared/api/schema.ts'
import { HONOURED_TYPES, POD_FIELD_SUPPORT } from '../../../../shared/pod-fields/pod-field-support.ts'

/** Types that a Pod which is accepted can hold: what hangs only on refused fields does not count. */
function typesOfAcceptedPods(): Set<string> {
  const found = new Set<string>()
  const visit = (type: string) => {
    if (found.has(type) || !hasTypeSchema(type)) return
    found.add(type)
    for (const [field, schema] of Object.entries(typeSchema(type))) {
      const support = POD_FIELD_SUPPORT[type]?.[field]
      if (support?.state !== 'refused' || support.values) visit(schema.type)
    }
  }
  visit('core.v1.PodSpec')
  return found
}

describe('the support of Pod fields', () => {
  it.each(Object.keys(POD_FIELD_SUPPORT))('says of each field of %s what becomes of it', (type) => {
    expect(Object.keys(POD_FIELD_SUPPORT[type] ?? {}).sort()).toEqual(Object.keys(typeSchema(type)).sort())
  })

  it('leaves out no type that a Pod can hold', () => {
    const listed = Object.keys(POD_FIELD_SUPPORT)
    expect([...typesOfAcceptedPods()].filter((type) => !listed.includes(type)).sort()).toEqual(
      [...HONOURED_TYPES].sort(),
    )
  })

  it('is what the README says', () => {
    const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8')
    expect(readme).toBe(withGeneratedSection(readme, 'pod-fields', podFieldTable()))
  })
})
