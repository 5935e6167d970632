/**
 * Runs the cluster simulation from many seeds: `npm run simulate -- [--seeds 20] [--from 1] [--trace] [--plant NAME]`.
 * Ends with 1 where one fails. A seed that fails fails again: keep it as a named test. With a planted bug one should fail soon.
 */
import { parseArgs } from 'node:util'
import { systemClock } from '../../shared/clock.ts'
import { PLANTED_BUGS } from './planted-bugs/index.ts'
import { runScenario } from './scenario.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    plant: { type: 'string' },
  },
})
const from = parseCount('--from', values.from)
const count = parseCount('--seeds', values.seeds)
const clock = systemClock()
const failed: number[] = []
const planted = PLANTED_BUGS.find(({ plant }) => plant.name === values.plant)
if (values.plant && !planted)
  throw new Error(`no such bug; there are ${PLANTED_BUGS.map(({ plant }) => plant.name).join(', ')}`)
for (let seed = from; seed < from + count; seed++) {
  const startMs = clock.monotonic()
  const problems = await problemsOf(seed)
  if (problems.length > 0) failed.push(seed)
  const verdict = problems.length > 0 ? `FAILED\n  ${problems.join('\n  ')}\n  ${again(seed)}` : 'ok'
  console.log(`seed ${seed}: ${verdict} (${Math.round(clock.monotonic() - startMs)} ms)`)
}
console.log(
  failed.length > 0 ? `${failed.length} of ${count} seeds failed: ${failed.join(' ')}` : `all ${count} seeds ok`,
)
process.exitCode = failed.length > 0 ? 1 : 0

/** Else nothing would run, and nothing fail. */
function parseCount(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${option} is to be a number from 1 on, not ${text}`)
  return Number(text)
}

async function problemsOf(seed: number): Promise<readonly string[]> {
  try {
    const { violations, trace } = await runScenario(seed, planted?.plant)
    if (values.trace) console.log(trace.join('\n'))
    return violations.map(({ at, invariant, what }) => `${at} violated: ${invariant}: ${what}`)
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  }
}

function again(seed: number): string {
  return `alone, with its trace: npm run simulate -- --from ${seed} --seeds 1 --trace${values.plant ? ` --plant ${values.plant}` : ''}`
}
