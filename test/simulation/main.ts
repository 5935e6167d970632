/**
 * Runs the cluster simulation from many seeds: `npx tsx test/simulation/main.ts [--seeds 20] [--from 1]`.
 * A seed that fails fails again: keep it as a named test.
 */
import { parseArgs } from 'node:util'
import { systemClock } from '../../shared/clock.ts'
import { runScenario } from './scenario.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '20' }, from: { type: 'string', default: '1' } },
})
const from = Number(values.from)
const clock = systemClock()
let failed = 0
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  const startMs = clock.monotonic()
  const problems = await problemsOf(seed)
  if (problems.length > 0) failed++
  const verdict = problems.length > 0 ? `FAILED\n  ${problems.join('\n  ')}` : 'ok'
  console.log(`seed ${seed}: ${verdict} (${Math.round(clock.monotonic() - startMs)} ms)`)
}
process.exitCode = failed > 0 ? 1 : 0

async function problemsOf(seed: number): Promise<readonly string[]> {
  try {
    const { violations } = await runScenario(seed)
    return violations
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  }
}
