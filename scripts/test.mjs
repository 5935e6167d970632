// `npm test`: prepares the checkout, then type check, lint and all tests. Ends with the line `N passed, N failed`.
//   npm test                     everything
//   npm test -- unit e2e         only these vitest projects (unit, simulation, integration, e2e, machines), without the checks
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureDocker, ensureTestTools, installPackages, root } from './setup.mjs'

installPackages({ dev: true })
await ensureDocker()
ensureTestTools()

const projects = process.argv.slice(2)
const bin = (name) => join(root, 'node_modules', '.bin', name)
const succeeds = (program, args) => spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status === 0

let passed = 0
let failed = 0
const count = (ok, what) => {
  if (ok) passed++
  else failed++
  console.log(`${ok ? 'ok' : 'FAILED'}: ${what}`)
}

if (projects.length === 0) {
  count(succeeds(bin('tsc'), ['--noEmit']), 'type check')
  count(succeeds(bin('biome'), ['check', '--error-on-warnings']), 'lint and format')
}

const folder = mkdtempSync(join(tmpdir(), 'kubette-test-'))
const report = join(folder, 'report.json')
const only = projects.flatMap((project) => ['--project', project])
const clean = succeeds(bin('vitest'), [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...only,
])
try {
  const result = JSON.parse(readFileSync(report, 'utf8'))
  passed += result.numPassedTests
  // A file that cannot even be loaded counts too.
  const broken = result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  failed += result.numFailedTests + broken.length
} catch {
  failed++
}
if (!clean && failed === 0) failed++
rmSync(folder, { recursive: true })

console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
