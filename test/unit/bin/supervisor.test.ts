import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ProcessLog } from '../../../bin/process-log.ts'
import { SupervisedProcess } from '../../../bin/supervisor.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'supervisor-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** Of a process that says it is ready, and ends as soon as there is a file of this name. */
function setUp() {
  const clock = new VirtualClock()
  const told: string[] = []
  const endFile = join(directory, 'end')
  const logFile = join(directory, 'log')
  const program = join(directory, 'program.cjs')
  const ending = `setInterval(() => require('node:fs').existsSync(${JSON.stringify(endFile)}) && process.exit(7), 10)`
  writeFileSync(program, `process.send('ready')\n${ending}\n`)
  // Loaded before the command, which itself does nothing of note.
  const environment = { NODE_OPTIONS: `--require=${program}` }
  const tell = (what: string) => void told.push(what)
  const supervised = new SupervisedProcess(clock, {
    args: ['version'],
    environment,
    log: new ProcessLog(clock, logFile),
    tell,
  })
  return { clock, told, endFile, logFile, supervised }
}

it('tells that a process has ended, and why it cannot be started again', async () => {
  const { clock, told, endFile, logFile, supervised } = setUp()
  await supervised.start()
  expect(told).toEqual([])
  writeFileSync(endFile, '')
  await vi.waitFor(() => expect(told).toEqual(['ended with code 7: starting it again']), 30_000)
  rmSync(endFile)
  rmSync(logFile)
  mkdirSync(logFile)
  await clock.advance(500)
  expect(told.slice(1)).toEqual([expect.stringMatching(/^cannot have its log: EISDIR.*: starting it again$/)])
  rmSync(logFile, { recursive: true })
  await clock.advance(1_000)
  expect(existsSync(logFile)).toBe(true)
  expect(told).toHaveLength(2)
  await supervised.stop()
  expect(told).toHaveLength(2)
}, 60_000)
