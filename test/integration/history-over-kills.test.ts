import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { connectTo } from '../support/connect-to.ts'
import { type HttpKeys, httpKeys } from '../support/history/http-keys.ts'
import { unexplainedKeys } from '../support/history/linearizability.ts'
import { type KeyClient, recordHistory } from '../support/history/record-history.ts'
import { spanComplaints } from '../support/history/watch-complaints.ts'
import { watchThroughRestarts } from '../support/history/watch-spans.ts'
import { freePort } from '../support/kubette.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { ServerProcess } from '../support/server-process.ts'

const CLIENTS = 6
const OPERATIONS_PER_CLIENT = 90
const STATE_FILES = ['state.db', 'state.db-wal']

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubette-history-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs))

/** Waits while nobody listens: what cannot be sent has not happened. Counts what is asked. */
function patient(keys: HttpKeys, asked: { count: number }): KeyClient {
  const reach = async <T>(call: () => Promise<T>): Promise<T> => {
    asked.count++
    for (;;) {
      try {
        return await call()
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
        await pause(20)
      }
    }
  }
  return {
    read: (key) => reach(() => keys.read(key)),
    write: (key, value, expected) => reach(() => keys.write(key, value, expected)),
    remove: (key, expected) => reach(() => keys.remove(key, expected)),
    watch: async () => (async function* () {})(), // the watch beside it lives through restarts
  }
}

/** Clients and a watch beside a real server that is killed again and again; `whileDown` runs before each start. */
async function judge(kills: number, beforeKill: () => void = () => {}, whileDown: () => void = () => {}) {
  const port = await freePort()
  let server = await ServerProcess.start(directory, port)
  const { url, ca, tls, api } = connectTo(join(directory, 'kubeconfig'))
  const keys = httpKeys(url, { ca, ...tls })
  const over = new AbortController()
  const watching = watchThroughRestarts((signal) => keys.openWatch(signal), over.signal)
  const asked = { count: 0 }
  const random = seededRandom(7)
  const workload = { clients: CLIENTS, keys: 4, operationsPerClient: OPERATIONS_PER_CLIENT, random }
  const recording = recordHistory(patient(keys, asked), workload)
  for (let kill = 1; kill <= kills; kill++) {
    const enough = (CLIENTS * OPERATIONS_PER_CLIENT * kill) / (kills + 1)
    while (asked.count < enough - 60) await pause(1)
    beforeKill()
    while (asked.count < enough) await pause(1)
    await server.end('SIGKILL')
    whileDown()
    server = await ServerProcess.start(directory, port)
  }
  const { operations } = await recording
  over.abort()
  const spans = await watching
  for (const connection of [keys, api]) connection.close()
  await server.end()
  return { operations, spans, keys: unexplainedKeys(operations), watch: spanComplaints(operations, spans) }
}

it('explains what clients were told by a server that is killed again and again', async () => {
  const { operations, spans, keys, watch } = await judge(2)
  expect({ keys, watch }).toEqual({ keys: [], watch: [] })
  expect(spans.filter(({ events }) => events.length > 0).length).toBeGreaterThan(1)
  expect(operations.filter(({ answer }) => answer.type === 'written').length).toBeGreaterThan(50)
})

it('finds out a disk that forgets what was written last', async () => {
  const move = (from: (file: string) => string, to: (file: string) => string) => {
    for (const file of STATE_FILES) if (existsSync(from(file))) copyFileSync(from(file), to(file))
  }
  const [now, before] = [(file: string) => join(directory, file), (file: string) => join(directory, `${file}.before`)]
  const { keys } = await judge(
    1,
    () => move(now, before),
    () => move(before, now),
  )
  expect(keys).not.toEqual([])
})
