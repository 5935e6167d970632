import { expect, it } from 'vitest'
import { FieldErrors } from '../../../../../controlplane/registry/validation/field-errors.ts'

it('answers with less than it was sent: a hundred errors at most, and no long values', () => {
  const errors = new FieldErrors()
  for (let index = 0; index < 5000; index++) errors.invalid(`metadata.finalizers[${index}]`, 'x'.repeat(10_000), 'no')
  expect(errors.list).toHaveLength(100)
  expect(JSON.stringify(errors.list).length).toBeLessThan(120_000)
})
