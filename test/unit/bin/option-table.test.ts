import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { withGeneratedSection } from '../../../scripts/generated-section.ts'
import { optionTable } from '../../../scripts/option-table.ts'

it('bin/README.md has every option of every command', async () => {
  const readme = readFileSync(new URL('../../../bin/README.md', import.meta.url), 'utf8')
  expect(readme).toBe(withGeneratedSection(readme, 'options', await optionTable()))
})
