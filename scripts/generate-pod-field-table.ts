// Writes the README's table of what becomes of each field of a Pod, from shared/pod-fields/.
//   npx tsx scripts/generate-pod-field-table.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { withGeneratedSection } from './generated-section.ts'
import { podFieldTable } from './pod-field-table.ts'

const readme = new URL('../README.md', import.meta.url)
writeFileSync(readme, withGeneratedSection(readFileSync(readme, 'utf8'), 'pod-fields', podFieldTable()))
