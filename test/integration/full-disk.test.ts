import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ConfigMap } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { freePort } from '../support/kubette.ts'
import { ServerProcess } from '../support/server-process.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const DISK_MIB = 4

let directory: string
let server: ServerProcess
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kubette-full-'))
  // A small disk that only the server sees, in a mount namespace that ends with it.
  const mount = `mount -t tmpfs -o size=${DISK_MIB}m tmpfs '${directory}' && exec "$@"`
  const wrapper = ['unshare', '--mount', 'sh', '-c', mount, 'sh']
  server = await ServerProcess.start(directory, await freePort(), wrapper)
})
afterAll(async () => {
  await server.end()
  rmSync(directory, { recursive: true, force: true })
})

it('refuses writes on a full disk, serves what it has, and goes on when there is room', async () => {
  const disk = `/proc/${server.pid}/root${directory}`
  const api = server.client(join(disk, 'kubeconfig'))
  const create = (name: string) =>
    api.call<Persisted<ConfigMap>>('POST', MAPS, { metadata: { name }, data: { filling: 'x'.repeat(100_000) } })
  const names = async () =>
    (await api.call<{ items: Persisted<ConfigMap>[] }>('GET', MAPS)).items.map(({ metadata }) => metadata.name)
  await create('before')

  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - 250_000)))
  const written = ['before']
  const refusal = await fillUp(async (number) => {
    await create(`full-${number}`)
    written.push(`full-${number}`)
  })
  expect(refusal).toMatchObject({ code: 503, reason: 'ServiceUnavailable' })
  expect(await names()).toEqual(written)
  await expect(create('still-full')).rejects.toMatchObject({ code: 503 })

  rmSync(join(disk, 'ballast'))
  const after = await create('room-again')
  expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(0)
  expect(await names()).toEqual([...written, 'room-again'])
  api.close()
})

/** The first error, which comes before `write` was called very often. */
async function fillUp(write: (number: number) => Promise<void>): Promise<unknown> {
  for (let number = 0; number < 100; number++) {
    try {
      await write(number)
    } catch (error) {
      return error
    }
  }
  return undefined
}
