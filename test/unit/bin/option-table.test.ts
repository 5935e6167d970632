import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { withGeneratedSection } from '../../../scripts/generated-section.ts'
import { optionTable } from '../../../scripts/option-table.ts'

/** All commands, and with them nearly all code, are translated and loaded: a busy machine takes its time. */
const timeout = 120_000

it('bin/README.md has every option of every command', { timeout }, async () => {
  const readme = readFileSync(new URL('../../../bin/README.md', import.meta.url), 'utf8')
  expect(readme).toBe(withGeneratedSection(readme, 'options', await optionTable()))
})
