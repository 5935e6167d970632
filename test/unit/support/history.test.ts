import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRegistry } from '../../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../../controlplane/registry/namespaces.ts'
import { MemoryStore } from '../../../controlplane/store/memory-store.ts'
import { openSqliteStore } from '../../../controlplane/store/sqlite-store.ts'
import type { Store } from '../../../controlplane/store/store.ts'
import { systemClock } from '../../../shared/clock.ts'
import { type Fault, FaultyStore } from '../../support/history/faulty-store.ts'
import { httpKeys } from '../../support/history/http-keys.ts'
import { unexplainedKeys } from '../../support/history/linearizability.ts'
import type { Operation } from '../../support/history/operation.ts'
import { type KeyClient, recordHistory } from '../../support/history/record-history.ts'
import { registryKeys } from '../../support/history/registry-keys.ts'
import { spanComplaints, watchComplaints } from '../../support/history/watch-complaints.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { startTestApiServer } from '../../support/test-api-server.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubette-history-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function registryOver(store: Store) {
  const registry = createRegistry({ store, clock: systemClock(), random: seededRandom(1) })
  await bootstrapNamespaces(registry)
  return registry
}

async function judge(client: KeyClient, seed: number) {
  const workload = { clients: 6, keys: 3, operationsPerClient: 40, random: seededRandom(seed) }
  const { operations, events } = await recordHistory(client, workload)
  return { operations, keys: unexplainedKeys(operations), watch: watchComplaints(operations, events) }
}

describe('recorded histories', () => {
  it('are linearizable, and watched without gap, at the registry over SQLite', async () => {
    const store = await openSqliteStore(join(directory, 'registry.db'))
    const { operations, keys, watch } = await judge(registryKeys(await registryOver(store)), 1)
    expect({ keys, watch }).toEqual({ keys: [], watch: [] })
    expect(new Set(operations.map(({ answer }) => answer.type)).size).toBeGreaterThanOrEqual(4)
    await store.close()
  })

  it('are linearizable, and watched without gap, over HTTPS', async () => {
    const store = await openSqliteStore(join(directory, 'https.db'))
    const api = await startTestApiServer({ registry: await registryOver(store) })
    const client = httpKeys(api.url, { ca: api.ca, ...(await api.clientCertificate('admin', ['system:masters'])) })
    const { operations, keys, watch } = await judge(client, 2)
    expect({ keys, watch }).toEqual({ keys: [], watch: [] })
    expect(operations.filter(({ answer }) => answer.type === 'unknown')).toEqual([])
    client.close()
    await api.close()
    await store.close()
  })
})

describe('the checkers', () => {
  const faultsOfWatches: Fault[] = ['drops an event', 'repeats an event', 'swaps two events']
  const faultsOfKeys: Fault[] = ['reads what was there before', 'loses a write', 'ignores the expected revision']
  const judgeFaulty = async (fault: Fault) =>
    judge(registryKeys(await registryOver(new FaultyStore(new MemoryStore(), fault))), 3)

  it.each(faultsOfWatches)('find a store that %s', async (fault) => {
    expect((await judgeFaulty(fault)).watch).not.toEqual([])
  })

  it.each(faultsOfKeys)('find a store that %s', async (fault) => {
    expect((await judgeFaulty(fault)).keys).not.toEqual([])
  })

  it('allow a watch that was broken off to miss what came then, and nothing else', () => {
    const operations = [1, 2, 3, 4, 5].map((revision): Operation => {
      const call = { type: 'write', value: `${revision}`, expected: revision - 1 } as const
      return { key: 'k', invoked: revision, returned: revision, call, answer: { type: 'written', revision } }
    })
    const span = (from: number, ...revisions: number[]) => ({
      from,
      events: revisions.map((revision) => ({ type: 'put' as const, key: 'k', revision, value: `${revision}` })),
    })
    expect(spanComplaints(operations, [span(0, 1), span(2, 3, 4)])).toEqual([])
    expect(spanComplaints(operations, [span(0, 1), span(2, 4)])).toEqual(['no event for k 3'])
    expect(spanComplaints(operations, [span(0, 1, 2), span(1, 2, 3)])).toEqual(['revision 2 of k came twice'])
    expect(spanComplaints(operations, [span(4, 5, 6)])).toEqual(['k never was 6'])
  })

  it('allow a write without an answer to have happened late, or never', () => {
    const write = (expected: number, returned: number, answer: Operation['answer']): Operation => {
      return { key: 'k', invoked: 0, returned, call: { type: 'write', value: 'a', expected }, answer }
    }
    const read = (invoked: number, answer: Operation['answer']): Operation => {
      return { key: 'k', invoked, returned: invoked + 1, call: { type: 'read' }, answer }
    }
    const unanswered = write(0, Number.POSITIVE_INFINITY, { type: 'unknown' })
    const found = { type: 'found', version: { value: 'a', revision: 5 } } as const
    expect(unexplainedKeys([unanswered, read(1, { type: 'absent' }), read(3, found)])).toEqual([])
    expect(unexplainedKeys([unanswered, read(1, { type: 'absent' })])).toEqual([])
    expect(unexplainedKeys([unanswered, read(1, found), read(3, { type: 'absent' })])).toEqual(['k'])
    expect(unexplainedKeys([write(0, 1, { type: 'written', revision: 5 }), read(2, { type: 'absent' })])).toEqual(['k'])
  })
})
