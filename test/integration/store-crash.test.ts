import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { crashRounds } from '../crash/crash-rounds.ts'
import { serverVictim } from '../crash/server-victim.ts'
import { storeVictim } from '../crash/store-victim.ts'
import { freePort } from '../support/kubette.ts'
import { seededRandom } from '../support/seeded-random.ts'

// A quick one; `test/crash/main.ts --rounds N` is the same for thousands of kills.
const STORE_TEST_MS = 6_000
const LANES = 2

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubette-crash-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

it('has every acknowledged write and nothing else after each kill -9', async () => {
  const end = performance.now() + STORE_TEST_MS
  const lane = (number: number) =>
    crashRounds({
      start: storeVictim(join(directory, `${number}.db`)),
      random: seededRandom(number),
      mostWrites: 60,
      killedEarly: { percent: 20, withinMs: 600 },
      goesOn: () => performance.now() < end,
    })
  const reports = await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number + 1)))
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
