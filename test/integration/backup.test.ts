import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiClient } from '../../bin/api-client.ts'
import type { ConfigMap } from '../../shared/api/kinds.ts'
import { RESTORE_PATH } from '../../shared/protocol/restore.ts'
import { freePort, kubette } from '../support/kubette.ts'
import { ServerProcess } from '../support/server-process.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

let directory: string
let port: number
let server: ServerProcess
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kubette-backup-'))
  port = await freePort()
  server = await ServerProcess.start(at('data'), port)
})
afterAll(async () => {
  await server.end()
  rmSync(directory, { recursive: true, force: true })
})

const at = (name: string) => join(directory, name)
const write = (api: ApiClient, name: string) =>
  api.call<ConfigMap>('POST', MAPS, { metadata: { name }, data: { name } })
const names = async (api: ApiClient) =>
  (await api.call<{ items: ConfigMap[] }>('GET', MAPS)).items.map(({ metadata }) => metadata.name)

it('brings a cluster back, with its CA, from a backup of the running server', async () => {
  const api = server.client()
  const before = await write(api, 'before')
  copyFileSync(at('data/kubeconfig'), at('old-kubeconfig'))
  expect(await kubette('backup', at('file'), '--data', at('data'))).toMatchObject({ code: 0 })
  expect(statSync(at('file')).mode & 0o777).toBe(0o600)
  const after = await write(api, 'after')

  api.close()
  await server.end('SIGKILL')

  const unasked = await kubette('restore', at('file'), '--data', at('data'))
  expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining('--replace throws it away') })
  expect(await kubette('restore', at('file'), '--data', at('data'), '--replace')).toMatchObject({ code: 0 })
  server = await ServerProcess.start(at('data'), port)
  const restored = server.client(at('old-kubeconfig'))
  expect(await names(restored)).toEqual(['before'])
  expect(await restored.call('GET', `${MAPS}/before`)).toEqual(before)
  const newer = await write(restored, 'newer')
  expect(Number(newer.metadata.resourceVersion)).toBeGreaterThan(Number(after.metadata.resourceVersion))
  restored.close()
})

it('restores a running server, which goes on with what the backup holds', async () => {
  const unasked = await kubette('restore', at('file'), '--data', at('data'))
  expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining('--replace throws it away') })
  const { pid } = server
  const before = server.client(at('old-kubeconfig'))
  await write(before, 'thrown-away')
  expect(await names(before)).toEqual(['before', 'newer', 'thrown-away'])
  before.close()
  expect(await kubette('restore', at('file'), '--data', at('data'), '--replace')).toMatchObject({ code: 0 })

  const restored = server.client(at('old-kubeconfig'))
  expect(await names(restored)).toEqual(['before'])
  await write(restored, 'newer')
  restored.close()
  expect(server.pid).toBe(pid)
})

it('asks a server for nothing that was not made ready', async () => {
  const api = server.client()
  await expect(api.call('POST', RESTORE_PATH)).rejects.toThrow('nothing was made ready to be restored')
  expect(await names(api)).toEqual(['before', 'newer'])
  api.close()
})

it('backs up a server that does not run, and restores where nothing is', async () => {
  await server.end()
  expect(await kubette('backup', at('cold'), '--data', at('data'))).toMatchObject({ code: 0 })
  expect(await kubette('restore', at('cold'), '--data', at('elsewhere'))).toMatchObject({ code: 0 })
  server = await ServerProcess.start(at('elsewhere'), port)
  const api = server.client(at('old-kubeconfig'))
  expect(await names(api)).toEqual(['before', 'newer'])
  api.close()
})

it('refuses a damaged backup, and leaves everything as it is', async () => {
  const bytes = readFileSync(at('cold'))
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1
  writeFileSync(at('damaged'), bytes)
  writeFileSync(at('cut'), bytes.subarray(0, bytes.length - 20))
  for (const file of ['damaged', 'cut']) {
    const refused = await kubette('restore', at(file), '--data', at('data'), '--replace')
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('the backup is damaged') })
  }
  const title = await kubette('restore', at('old-kubeconfig'), '--data', at('data'), '--replace')
  expect(title.stderr).toContain('it is not a backup that this version can read')
})

it('finishes a restore that was interrupted', async () => {
  await server.end()
  await kubette('restore', at('file'), '--data', at('data'), '--replace')
  cpSync(at('data/state.db'), at('elsewhere/restore/state.db'))
  server = await ServerProcess.start(at('elsewhere'), port)
  const api = server.client()
  expect(await names(api)).toEqual(['before'])
  api.close()
})
