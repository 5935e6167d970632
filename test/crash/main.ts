import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../support/kubette.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { crashRounds } from './crash-rounds.ts'
import { serverVictim } from './server-victim.ts'
import { storeVictim } from './store-victim.ts'

/** `tsx test/crash/main.ts --rounds 2000 [--https] [--seed 1]`: kills that often, and checks after each. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      https: { type: 'boolean', default: false },
    },
  })
  const directory = mkdtempSync(join(tmpdir(), 'kubette-crash-'))
  const start = values.https ? serverVictim(directory, await freePort()) : storeVictim(join(directory, 'state.db'))
  const most = Number(values.rounds)
  const report = await crashRounds({
    start,
    random: seededRandom(Number(values.seed)),
    mostWrites: 150,
    ...(values.https ? {} : { killedEarly: { percent: 20, withinMs: 800 } }),
    goesOn(rounds) {
      if (rounds % 50 === 0) console.log(`${rounds} of ${most} kills`)
      return rounds < most
    },
  })
  rmSync(directory, { recursive: true })
  console.log(`nothing lost: ${JSON.stringify(report)}`)
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
