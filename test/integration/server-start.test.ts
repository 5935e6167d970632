import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { freePort, KUBETTE } from '../support/kubette.ts'
import { ServerProcess } from '../support/server-process.ts'

let directory: string
let starting: ChildProcess | undefined
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'server-start-'))
})
afterEach(() => {
  starting?.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

it('ends at once when it is asked to while it starts, and starts the next time', async () => {
  const dataDir = join(directory, 'data')
  const port = await freePort()
  const neverListens = join(directory, 'never-listens.cjs')
  writeFileSync(
    neverListens,
    "require('node:net').Server.prototype.listen = function () { console.log('listening for ever'); return this }\n",
  )
  const args = ['--require', neverListens, KUBETTE, 'server', '--data', dataDir, '--port', String(port)]
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  starting = server
  let output = ''
  server.stdout.on('data', (chunk) => {
    output += chunk
    if (output.includes('listening for ever')) server.kill('SIGTERM')
  })
  const [code, signal] = await once(server, 'exit')
  expect({ code, signal }).toEqual({ code: 0, signal: null })
  expect(existsSync(join(dataDir, 'server.pid'))).toBe(false)
  const next = await ServerProcess.start(dataDir, port)
  await next.end()
})
