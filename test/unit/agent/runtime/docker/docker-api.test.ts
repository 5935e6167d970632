import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chooseApiVersion } from '../../../../../agent/runtime/docker/api-version.ts'
import { DockerApi } from '../../../../../agent/runtime/docker/docker-api.ts'
import { Images } from '../../../../../agent/runtime/docker/images.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

describe('DockerApi', () => {
  const directory = mkdtempSync(join(tmpdir(), 'docker-api-'))
  const socketPath = join(directory, 'docker.sock')
  let server: Server
  let clock: VirtualClock
  let docker: DockerApi
  let seen: string[]
  let answer: Answer

  beforeEach(async () => {
    clock = new VirtualClock()
    docker = new DockerApi({ socketPath }, clock)
    seen = []
    answer = (_, response) => response.end('{"ok":true}')
    server = createServer((request, response) => {
      seen.push(`${request.method} ${decodeURIComponent(request.url ?? '')}`)
      if (request.url?.startsWith('/version'))
        response.end('{"ApiVersion":"1.52","MinAPIVersion":"1.44","Arch":"arm64"}')
      else answer(request, response)
    })
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it('says something of a failure of which Docker says nothing', async () => {
    answer = (_, response) => response.writeHead(500).end()
    const asked = docker.stream({ method: 'HEAD', path: '/containers/c/archive' }, new AbortController().signal)
    await expect(asked).rejects.toMatchObject({ code: 'failed', message: 'Docker answered with status 500' })
  })

  const fails = (status: number, message: string): Answer => {
    return (_, response) => response.writeHead(status).end(JSON.stringify({ message }))
  }

  it('speaks a version that both know, and sends filters as JSON', async () => {
    await docker.json({ method: 'GET', path: '/containers/json', query: { all: true, filters: { label: ['a=b'] } } })
    await docker.json({ method: 'GET', path: '/info' })
    expect(await docker.architecture()).toBe('arm64')
    expect(seen).toEqual([
      'GET /version',
      'GET /v1.44/containers/json?all=true&filters={"label":["a=b"]}',
      'GET /v1.44/info',
    ])
  })

  it('sends a body, an archive, or neither', async () => {
    const bodies: string[] = []
    answer = async (request, response) => {
      bodies.push(`${request.headers['content-type']} ${await text(request)}`)
      response.end('{}')
    }
    await docker.json({ method: 'POST', path: '/a', query: { name: 'x' }, body: { Image: 'i' } })
    await docker.json({ method: 'PUT', path: '/b', archive: Buffer.from('tar') })
    await docker.json({ method: 'POST', path: '/c' })
    expect(bodies).toEqual(['application/json {"Image":"i"}', 'application/x-tar tar', 'undefined '])
    expect(seen.slice(1)).toEqual(['POST /v1.44/a?name=x', 'PUT /v1.44/b', 'POST /v1.44/c'])
  })

  it('sends an archive so that Docker cannot hang up before its end is sent', async () => {
    answer = (request, response) => response.end(JSON.stringify(request.headers))
    const headers = await docker.json({ method: 'PUT', path: '/b', archive: Buffer.from('tar') })
    expect(headers).toMatchObject({ 'transfer-encoding': 'chunked' })
    expect(headers).not.toHaveProperty('content-length')
  })

  it.each([
    [400, 'invalid'],
    [404, 'notFound'],
    [409, 'conflict'],
    [500, 'failed'],
  ])('takes %i for %s, with what Docker says', async (status, code) => {
    answer = fails(status, 'because')
    const call = docker.json({ method: 'GET', path: '/x' })
    await expect(call).rejects.toMatchObject({ name: 'RuntimeFailure', code, message: 'because' })
  })

  it('says when Docker is not there, and goes on when it is', async () => {
    const elsewhere = new DockerApi({ socketPath: join(directory, 'none') }, clock)
    await expect(elsewhere.json({ method: 'GET', path: '/x' })).rejects.toMatchObject({ code: 'unavailable' })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await expect(docker.json({ method: 'GET', path: '/x' })).rejects.toMatchObject({ code: 'unavailable' })
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
    expect(await docker.json({ method: 'GET', path: '/x' })).toEqual({ ok: true })
    expect(seen).toEqual(['GET /version', 'GET /v1.44/x'])
  })

  it('does not wait for ever for an answer', async () => {
    answer = () => undefined
    const call = docker.json({ method: 'GET', path: '/x', timeoutMs: 5_000 }).catch((error: unknown) => error)
    for (let i = 0; seen.length < 2 && i < 100; i++) await clock.advance(0)
    await clock.advance(5_001)
    expect(await call).toMatchObject({ code: 'timeout', message: 'Docker did not answer GET /x in 5s' })
  })

  describe('pulling', () => {
    const pull = (lines: object[], end = true) => {
      answer = ({ url = '' }, response) => {
        if (url.includes('/images/create')) {
          for (const line of lines) response.write(`${JSON.stringify(line)}\r\n`)
          if (end) response.end()
        } else response.end(JSON.stringify({ Id: 'sha256:1', RepoTags: ['r:1'], Size: 5, Architecture: 'arm64' }))
      }
      return new Images(docker, clock).pull('host:5000/r:1', new AbortController().signal)
    }

    it('resolves with the image', async () => {
      expect(await pull([{ status: 'Pulling' }])).toMatchObject({ id: 'sha256:1', architecture: 'arm64' })
      expect(seen[1]).toBe('POST /v1.44/images/create?fromImage=host:5000/r&tag=1')
    })

    it('hears of a failure in the last line of an answer that began well', async () => {
      const lines = [{ status: 'Pulling' }, { errorDetail: { message: 'layer is missing' }, error: 'layer is missing' }]
      await expect(pull(lines)).rejects.toMatchObject({ code: 'imagePull', message: 'layer is missing' })
    })

    it('says what Docker says when it refuses from the start', async () => {
      answer = fails(500, 'no such host')
      const pulled = new Images(docker, clock).pull('host:5000/r:1', new AbortController().signal)
      await expect(pulled).rejects.toMatchObject({ code: 'imagePull', message: 'no such host' })
    })

    it.each([
      [{ errorDetail: { code: 503, message: 'away' } }, 'away'],
      [
        { errorDetail: { message: 'received unexpected HTTP status: 502 Bad Gateway' } },
        'received unexpected HTTP status: 502 Bad Gateway',
      ],
      [
        {
          errorDetail: { message: 'unexpected status from HEAD request to http://r/v2/a/manifests/1: 503 Unavailable' },
        },
        'unexpected status from HEAD request to http://r/v2/a/manifests/1: 503 Unavailable',
      ],
    ])('knows a registry that is out of order: %j', async (line, message) => {
      await expect(pull([line])).rejects.toMatchObject({ code: 'registryUnavailable', message })
      answer = fails(500, message)
      const pulled = new Images(docker, clock).pull('host:5000/r:1', new AbortController().signal)
      const code = message === 'away' ? 'imagePull' : 'registryUnavailable'
      await expect(pulled).rejects.toMatchObject({ code, message })
    })

    it('gives up a registry that shows no progress', async () => {
      const failed = pull([{ status: 'Pulling' }], false).catch((error: unknown) => error)
      for (let i = 0; seen.length < 2 && i < 100; i++) await clock.advance(0)
      for (let i = 0; i < 20; i++) await clock.advance(0)
      await clock.advance(61_000)
      expect(await failed).toMatchObject({ code: 'imagePull', message: 'no progress for 1m0s' })
    })
  })
})

describe('chooseApiVersion', () => {
  it.each([
    ['1.41', '1.12', '1.41'],
    ['1.43', '1.12', '1.43'],
    ['1.52', '1.44', '1.44'],
    ['1.60', '1.50', '1.60'],
  ])('of a Docker with %s down to %s takes %s', (ApiVersion, MinAPIVersion, expected) => {
    expect(chooseApiVersion({ ApiVersion, MinAPIVersion })).toBe(expected)
  })

  it('refuses a Docker that is too old', () => {
    expect(() => chooseApiVersion({ ApiVersion: '1.40' })).toThrow('Docker 20.10 or newer is needed')
  })
})
