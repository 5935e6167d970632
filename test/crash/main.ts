import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../support/kubette.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { recordSmallImage } from '../support/state-images.ts'
import { type CrashReport, crashRounds } from './crash-rounds.ts'
import { DAMAGES, expectedOf, sweep } from './damage-sweep.ts'
import { anyDiskFault } from './failing-disk.ts'
import { serverVictim } from './server-victim.ts'
import { storeVictim } from './store-victim.ts'

/** Most of a round is the start of a process, which waits now and then: a few side by side are no slower. */
const LANES = 3

interface KillOptions {
  rounds: string
  seed: string
  https: boolean
  tight: boolean
  failing: boolean
}

async function damageEveryByte(directory: string): Promise<void> {
  const image = await recordSmallImage(directory)
  for (const damage of DAMAGES) {
    const found = await sweep(image, join(directory, 'damaged.db'), damage, 1)
    assert.deepEqual(found, expectedOf(image, damage))
    console.log(`${damage.how} at every byte of the ${damage.file}: as it was at some time, or refused`)
  }
}

/**
 * `tsx test/crash/main.ts --rounds 2000 [--https | --tight | --failing] [--seed 1]`: kills so often, checks after each.
 * `tsx test/crash/main.ts --every-byte`: damages a state at each byte of its files (fastest with TMPDIR=/dev/shm).
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      https: { type: 'boolean', default: false },
      tight: { type: 'boolean', default: false },
      failing: { type: 'boolean', default: false },
      'every-byte': { type: 'boolean', default: false },
    },
  })
  const directory = mkdtempSync(join(tmpdir(), 'kubette-crash-'))
  if (values['every-byte']) await damageEveryByte(directory)
  else await killOften(directory, values)
  rmSync(directory, { recursive: true })
}

async function killOften(directory: string, values: KillOptions): Promise<void> {
  const most = Number(values.rounds)
  let kills = 0
  const mayKill = () => {
    if (kills >= most) return false
    if (++kills % 100 === 0) console.log(`${kills} of ${most} kills`)
    return true
  }
  const lane = async (number: number): Promise<CrashReport> => {
    const data = join(directory, String(number))
    const random = seededRandom(Number(values.seed) * LANES + number)
    const disk = values.failing ? () => anyDiskFault(random) : values.tight ? 'tight' : 'roomy'
    return crashRounds({
      start: values.https ? serverVictim(data, await freePort()) : storeVictim(`${data}.db`, disk),
      ...(values.failing ? { startLast: storeVictim(`${data}.db`) } : {}),
      random,
      mostWrites: 150,
      ...(values.https || values.failing ? {} : { killedEarly: { percent: 20, withinMs: 800 } }),
      goesOn: mayKill,
    })
  }
  const stopAll = (error: unknown) => {
    kills = most
    throw error
  }
  const lanes = Array.from({ length: LANES }, (_, number) => lane(number).catch(stopAll))
  await Promise.allSettled(lanes)
  const reports = await Promise.all(lanes)
  const sum = (field: keyof CrashReport) => reports.reduce((total, report) => total + report[field], 0)
  const writes = `${sum('acknowledged')} acknowledged writes, ${sum('refused')} refused`
  console.log(`nothing lost: ${sum('rounds')} kills, ${writes}, ${sum('survived')} more found`)
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
