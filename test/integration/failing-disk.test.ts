import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ConfigMap } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { type DiskFault, onFailingDisk } from '../crash/failing-disk.ts'
import { freePort } from '../support/kubette.ts'
import { ServerProcess } from '../support/server-process.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const SYNCS = 'fsync,fdatasync'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubette-failing-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

it('ends when a sync of the disk fails, and serves again only what it could sync', async () => {
  const port = await freePort()
  const start = (fault?: DiskFault) => {
    const wrapper = fault ? onFailingDisk(join(directory, 'state.db'), fault) : []
    return ServerProcess.start(directory, port, wrapper)
  }
  const unlucky = await start({ calls: SYNCS, when: '60' })
  const written = await createUntilGone(unlucky)
  expect(await unlucky.ended()).toMatch(/the control plane ends, .*: it is not known what is on disk: .*I\/O error/)
  expect(written.length).toBeGreaterThan(0)

  await expect(start({ calls: SYNCS, when: '1+' })).rejects.toThrow(/the control plane cannot start: .*EIO/)
  await expect(start({ calls: 'read', when: '1+' })).rejects.toThrow(/the control plane cannot start: .*EIO/)

  const server = await start()
  const api = server.client()
  const { items } = await api.call<{ items: Persisted<ConfigMap>[] }>('GET', MAPS)
  expect(items.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(written))
  expect(items.length).toBeLessThanOrEqual(written.length + 1)
  api.close()
  await server.end()
})

/** The names of all that it acknowledged. */
async function createUntilGone(server: ServerProcess): Promise<string[]> {
  const api = server.client()
  const written: string[] = []
  try {
    for (let number = 0; number < 100; number++) {
      const name = `m${String(number).padStart(3, '0')}`
      await api.call('POST', MAPS, { metadata: { name } })
      written.push(name)
    }
  } catch {
    // it has ended, or is about to
  }
  api.close()
  return written
}
