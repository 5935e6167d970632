import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ProcessLog } from '../../../bin/process-log.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const LARGE = 11 * 1024 * 1024
let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'process-log-'))
  path = join(directory, 'log')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

it('begins anew when it has grown large, also while somebody writes to it', async () => {
  const clock = new VirtualClock()
  const log = new ProcessLog(clock, path)
  const file = log.open()
  writeSync(file, 'small\n')
  await clock.advance(60_000)
  expect(log.lastLine()).toBe('small')
  truncateSync(path, LARGE)
  writeSync(file, 'large\n')
  await clock.advance(60_000)
  writeSync(file, 'new\n')
  expect(readFileSync(path, 'utf8')).toBe('new\n')
  expect(statSync(`${path}.1`).size).toBe(LARGE + 'large\n'.length)
  log.close()
  truncateSync(path, LARGE)
  new ProcessLog(clock, path).close()
  expect(statSync(path)).toMatchObject({ size: 0, mode: 0o100600 })
  expect(statSync(`${path}.1`)).toMatchObject({ size: LARGE, mode: 0o100600 })
})

it('is no reason to end where somebody has removed it', async () => {
  const clock = new VirtualClock()
  const log = new ProcessLog(clock, path)
  rmSync(path)
  await clock.advance(60_000)
  log.close()
})
