import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { crashRounds } from '../crash/crash-rounds.ts'
import { anyDiskFault } from '../crash/failing-disk.ts'
import { serverVictim } from '../crash/server-victim.ts'
import { storeVictim } from '../crash/store-victim.ts'
import { freePort } from '../support/kubette.ts'
import { seededRandom } from '../support/seeded-random.ts'

// A quick one; `test/crash/main.ts --rounds N` is the same for thousands of kills.
const STORE_TEST_MS = 6_000

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubette-crash-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

it('has every acknowledged write and nothing else after each kill -9, on a disk with faults too', async () => {
  const end = performance.now() + STORE_TEST_MS
  const random = seededRandom(2)
  const [sound, failing] = ['sound', 'failing'].map((name) => join(directory, `${name}.db`)) as [string, string]
  const usual = { mostWrites: 60, goesOn: () => performance.now() < end }
  const killedEarly = { percent: 20, withinMs: 600 }
  const reports = await Promise.all([
    crashRounds({ ...usual, killedEarly, start: storeVictim(sound), random: seededRandom(1) }),
    crashRounds({
      ...usual,
      start: storeVictim(failing, () => anyDiskFault(random)),
      startLast: storeVictim(failing),
      random,
    }),
  ])
  for (const { acknowledged } of reports) expect(acknowledged).toBeGreaterThan(0)
})

it('loses no write that a client was told of when the server is killed', async () => {
  const report = await crashRounds({
    start: serverVictim(join(directory, 'data'), await freePort()),
    random: seededRandom(3),
    mostWrites: 60,
    goesOn: (rounds) => rounds < 2,
  })
  expect(report.acknowledged).toBeGreaterThan(0)
})
