// Writes the table of all commands' options into bin/README.md.
//   npx tsx scripts/generate-option-table.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { withGeneratedSection } from './generated-section.ts'
import { optionTable } from './option-table.ts'

const readme = new URL('../bin/README.md', import.meta.url)
writeFileSync(readme, withGeneratedSection(readFileSync(readme, 'utf8'), 'options', await optionTable()))
