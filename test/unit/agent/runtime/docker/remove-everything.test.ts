import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LABELS } from '../../../../../agent/runtime/docker/labels.ts'
import { removeEverything } from '../../../../../agent/runtime/docker/remove-everything.ts'
import { silentLogger } from '../../../../../shared/log.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

let directory: string
let server: Server
let clock: VirtualClock
/** Ids of what Docker has, by the first word of their paths. */
let held: { containers: string[]; networks: string[] }
let images: { Id: string; RepoTags: string[] | null }[]
/** What Docker says to the removal of something; 204 unless told. */
let refuses: (kind: string, id: string) => string | undefined

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kubette-remove-'))
  clock = new VirtualClock()
  held = { containers: ['c1'], networks: ['n1'] }
  images = []
  refuses = () => undefined
  server = createServer(({ method, url = '' }, response) => {
    const [, kind = '', id = ''] = /(containers|networks|volumes|images|version)(?:\/([^?/]+))?/.exec(url) ?? []
    if (method === 'DELETE') {
      const message = refuses(kind, id)
      if (message) return response.writeHead(403).end(JSON.stringify({ message }))
      if (kind === 'containers' || kind === 'networks') held[kind] = held[kind].filter((held) => held !== id)
      return response.writeHead(204).end()
    }
    const Labels = { [LABELS.kind]: 'sandbox' }
    const answers: Record<string, unknown> = {
      version: { ApiVersion: '1.41', MinAPIVersion: '1.12' },
      containers: held.containers.map((Id) => ({ Id, Labels })),
      networks: held.networks.map((Id) => ({ Id })),
      volumes: { Volumes: null },
      images,
    }
    response.end(JSON.stringify(answers[kind]))
  })
  await new Promise<void>((resolve) => server.listen(join(directory, 'docker.sock'), resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(directory, { recursive: true })
})

async function remove() {
  let isOver = false
  const docker = { socketPath: join(directory, 'docker.sock') }
  const removing = removeEverything({ docker, clusterId: 'mine', clock, log: silentLogger }).finally(() => {
    isOver = true
  })
  removing.catch(() => {})
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(20)
  }
  return removing
}

it('removes images by their names, and those without by their ids', async () => {
  images = [
    { Id: 'sha256:a', RepoTags: ['one:1', 'two:1'] },
    { Id: 'sha256:b', RepoTags: ['<none>:<none>'] },
    { Id: 'sha256:c', RepoTags: null },
  ]
  const asked: string[] = []
  refuses = (kind, id) => {
    if (kind === 'images') asked.push(decodeURIComponent(id))
    return undefined
  }
  expect(await remove()).toMatchObject({ images: 4 })
  expect(asked).toEqual(['one:1', 'two:1', 'sha256:b', 'sha256:c'])
})

it('waits for a network that is in use a moment longer than its containers', async () => {
  let tries = 0
  refuses = (kind) => (kind === 'networks' && ++tries < 3 ? 'network n1 has active endpoints' : undefined)
  expect(await remove()).toEqual({ containers: 1, networks: 1, volumes: 0, images: 0 })
  expect(held).toEqual({ containers: [], networks: [] })
})

it('removes what comes while it removes', async () => {
  refuses = (_, id) => {
    if (id === 'n1') held.containers.push('late')
    return undefined
  }
  expect(await remove()).toEqual({ containers: 2, networks: 1, volumes: 0, images: 0 })
})

it('leaves what somebody else keeps in use', async () => {
  refuses = (kind) => (kind === 'networks' ? 'network n1 has active endpoints' : undefined)
  expect(await remove()).toEqual({ containers: 1, networks: 0, volumes: 0, images: 0 })
  expect(held.networks).toEqual(['n1'])
})
