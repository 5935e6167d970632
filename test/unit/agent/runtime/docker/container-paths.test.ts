import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pathStat } from '../../../../../agent/runtime/docker/container-paths.ts'
import { DockerApi } from '../../../../../agent/runtime/docker/docker-api.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

describe('pathStat', () => {
  const stat = Buffer.from(JSON.stringify({ mode: 2 ** 31 + 0o755, linkTarget: '' })).toString('base64')
  let directory: string
  let server: Server
  let docker: DockerApi
  let refusals: Record<string, { status: number; message: string }>

  beforeEach(async () => {
    refusals = {}
    directory = mkdtempSync(join(tmpdir(), 'container-paths-'))
    const socketPath = join(directory, 'docker.sock')
    docker = new DockerApi({ socketPath }, new VirtualClock())
    server = createServer(({ method = '', url }, response) => {
      if (url?.startsWith('/version')) return response.end('{"ApiVersion":"1.41","Arch":"amd64"}')
      const refusal = refusals[method]
      if (!refusal) return response.writeHead(200, { 'X-Docker-Container-Path-Stat': stat }).end('a long archive')
      return response.writeHead(refusal.status).end(JSON.stringify({ message: refusal.message }))
    })
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    rmSync(directory, { recursive: true })
  })

  it('says what is there, and that nothing is', async () => {
    expect(await pathStat(docker, 'c', '/data')).toEqual({ type: 'directory', mode: 0o755, linkTarget: '' })
    refusals = { HEAD: { status: 404, message: 'no such file' } }
    expect(await pathStat(docker, 'c', '/data')).toBeUndefined()
  })

  it('says why Docker cannot look', async () => {
    refusals = { HEAD: { status: 500, message: 'unheard' }, GET: { status: 500, message: 'permission denied' } }
    await expect(pathStat(docker, 'c', '/data')).rejects.toMatchObject({ code: 'failed', message: 'permission denied' })
  })

  it('takes the answer where Docker can look after all', async () => {
    refusals = { HEAD: { status: 500, message: 'unheard' } }
    expect(await pathStat(docker, 'c', '/data')).toMatchObject({ type: 'directory' })
    refusals = { ...refusals, GET: { status: 404, message: 'no such file' } }
    expect(await pathStat(docker, 'c', '/data')).toBeUndefined()
  })
})
