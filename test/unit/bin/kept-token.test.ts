import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { CommandFailure } from '../../../bin/command-failure.ts'
import { keepTokenIn } from '../../../bin/kept-token.ts'
import { silentLogger } from '../../../shared/log.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const HOUR_MS = 3_600_000

let directory: string
let file: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kept-token-'))
  file = join(directory, 'token')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function setUp() {
  const clock = new VirtualClock()
  let made = 0
  const create = vi.fn(async (_: { ttlMs: number }) => `token-${++made}`)
  const keep = () => keepTokenIn(file, { create, clock, random: seededRandom(1), log: silentLogger })
  // Files are written outside of virtual time.
  const holds = (token: string) => vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe(`${token}\n`), 10_000)
  return { clock, create, keep, holds }
}

it('is renewed when half of its life is over, until it is stopped', async () => {
  const { clock, create, keep, holds } = setUp()
  const stop = await keep()
  await holds('token-1')
  expect(create.mock.calls[0]?.[0].ttlMs).toBe(24 * HOUR_MS)
  await clock.advance(12 * HOUR_MS)
  await holds('token-2')
  stop()
  await clock.advance(48 * HOUR_MS)
  expect(create).toHaveBeenCalledTimes(2)
})

it('is tried again soon where it cannot be renewed', async () => {
  const { clock, create, keep, holds } = setUp()
  const stop = await keep()
  create.mockRejectedValueOnce(new Error('no room'))
  await clock.advance(12 * HOUR_MS)
  await holds('token-1')
  await clock.advance(60_000)
  await holds('token-2')
  stop()
})

it('says why there is none', async () => {
  const { create, keep } = setUp()
  create.mockRejectedValueOnce(new Error('no room'))
  const failure = await keep().catch((error) => error)
  expect(failure).toBeInstanceOf(CommandFailure)
  expect(failure.message).toBe(`no join token can be kept in ${file}: no room`)
})
