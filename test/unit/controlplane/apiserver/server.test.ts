import { once } from 'node:events'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Authorizer } from '../../../../controlplane/apiserver/auth/identity.ts'
import type { ApiServerOptions } from '../../../../controlplane/apiserver/server-options.ts'
import { createRegistry } from '../../../../controlplane/registry/create-registry.ts'
import { MemoryStore } from '../../../../controlplane/store/memory-store.ts'
import { ApiError } from '../../../../shared/api/api-error.ts'
import { systemClock } from '../../../../shared/clock.ts'
import { systemRandom } from '../../../../shared/random.ts'
import { ApiHttp } from '../../../support/api-http.ts'
import { configMap, pod } from '../../../support/sample-objects.ts'
import { startTestApiServer, type TestApiServer } from '../../../support/test-api-server.ts'

const PODS = '/api/v1/namespaces/default/pods'

let server: TestApiServer
let admin: ApiHttp
const logged: unknown[] = []

/** `reader` may get and list, and write objects with the label `mine`; `admin` may do all. */
const authorizer: Authorizer = {
  authorize({ name }, attributes) {
    if (name === 'admin') return { allowed: true }
    if ('nonResourcePath' in attributes) return { allowed: false, reason: '' }
    const { verb, object } = attributes
    if (verb === 'get' || verb === 'list' || !['create', 'update', 'patch'].includes(verb)) {
      return verb === 'get' || verb === 'list' ? { allowed: true } : { allowed: false, reason: 'readers only read' }
    }
    const labels = (object?.metadata as { labels?: Record<string, string> } | undefined)?.labels
    return object === undefined || labels?.mine ? { allowed: true } : { allowed: false, reason: 'not yours' }
  },
}

beforeAll(async () => {
  const registry = createRegistry({ store: new MemoryStore(), clock: systemClock(), random: systemRandom })
  const options: Partial<ApiServerOptions> = {
    authorizer,
    registry: {
      ...registry,
      get: (kind, key) => {
        if (key.name === 'defect') return Promise.reject(new Error('a secret detail'))
        return registry.get(kind, key)
      },
    },
    extraRoutes: [
      {
        method: 'POST',
        path: '/kubette/v1/test',
        handle: async (request, response) => {
          if (request.headers['x-refuse']) throw new ApiError('Forbidden', 'refused')
          response.end('extra')
        },
      },
    ],
    upgradeHandlers: [
      {
        path: '/kubette/v1/socket',
        handle: (_request, socket, _head, identity) => {
          socket.end(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: test\r\nConnection: Upgrade\r\n\r\n${identity.name}`)
        },
      },
    ],
    log: { ...console, debug: () => {}, error: (...entry: unknown[]) => logged.push(entry), child: () => options.log },
  } as Partial<ApiServerOptions>
  server = await startTestApiServer(options)
  admin = new ApiHttp(server, await server.clientCertificate('admin'))
})

afterAll(async () => {
  admin.close()
  await server.close()
})

describe('identity', () => {
  it('answers 401 to who has no certificate', async () => {
    const nobody = new ApiHttp(server)
    for (const path of [PODS, '/api', '/healthz', '/openapi/v3', '/nowhere']) {
      const { status, json } = await nobody.get(path)
      expect(status).toBe(401)
      expect(json).toMatchObject({ kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' })
    }
    nobody.close()
  })

  it('answers 401 to a certificate of another CA', async () => {
    const other = await startTestApiServer()
    const stranger = new ApiHttp(server, await other.clientCertificate('admin'))
    expect((await stranger.get(PODS)).status).toBe(401)
    stranger.close()
    await other.close()
  })

  it('knows clients over HTTP/1.1 too', async () => {
    expect((await admin.sendHttp1('GET', PODS)).status).toBe(200)
    expect((await new ApiHttp(server).sendHttp1('GET', PODS)).status).toBe(401)
  })
})

describe('permission', () => {
  it("is refused in Kubernetes' words", async () => {
    const reader = new ApiHttp(server, await server.clientCertificate('reader'))
    expect((await reader.get(PODS)).status).toBe(200)
    expect((await reader.delete(`${PODS}/web`)).json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message:
        'pods "web" is forbidden: User "reader" cannot delete resource "pods" in API group "" in the namespace "default": readers only read',
      reason: 'Forbidden',
      details: { name: 'web', kind: 'pods' },
      code: 403,
    })
    const scale = await reader.delete('/apis/apps/v1/deployments')
    expect(scale.json.message).toBe(
      'deployments.apps is forbidden: User "reader" cannot deletecollection resource "deployments" in API group "apps" at the cluster scope: readers only read',
    )
    expect((await reader.get('/version')).json.message).toBe('forbidden: User "reader" cannot get path "/version"')
    reader.close()
  })

  it('may look into what is written', async () => {
    const reader = new ApiHttp(server, await server.clientCertificate('reader'))
    const cms = '/api/v1/namespaces/default/configmaps'
    expect((await reader.post(cms, configMap('theirs'))).json.message).toContain('not yours')
    expect((await reader.post(cms, { metadata: { name: 'mine', labels: { mine: 'yes' } } })).status).toBe(201)
    const taken = await reader.patch(`${cms}/mine`, 'merge', { metadata: { labels: null } })
    expect(taken.status).toBe(403)
    expect((await admin.get(`${cms}/mine`)).json.metadata.labels).toEqual({ mine: 'yes' })
    reader.close()
  })
})

describe('addresses', () => {
  it.each([
    ['GET', '/nowhere', 404],
    ['GET', '/api/v2', 404],
    ['GET', '/api/v1/replicationcontrollers', 404],
    ['GET', '/apis/nothing.k8s.io/v1beta1/pods', 404],
    ['GET', '/api/v1/pods/web', 404],
    ['GET', '/api/v1/namespaces/default/nodes', 404],
    ['GET', '/api/v1/namespaces/default/pods/web/nothing', 404],
    ['GET', '/api/v1/namespaces/default/configmaps/a/status', 404],
    ['POST', '/api/v1/pods', 405],
    ['POST', '/api/v1/namespaces/default/pods/web', 405],
    ['PUT', '/api/v1/namespaces/default/pods', 405],
    ['DELETE', '/api/v1/namespaces', 405],
    ['DELETE', '/api/v1/pods', 405],
    ['POST', '/version', 405],
    ['POST', '/api/v1/namespaces/default/pods/web/status', 405],
    ['GET', '/api/v1/namespaces/default/pods/web/exec', 400],
    ['GET', '/api/v1/%ff', 400],
  ])('%s %s is %i', async (method, path, code) => {
    const { status, json } = await admin.send(method, path)
    expect(status).toBe(code)
    expect(json).toMatchObject({ kind: 'Status', status: 'Failure', code })
  })

  it('answers what it cannot write in the wanted form with 406', async () => {
    const { status, json } = await admin.get(PODS, { accept: 'application/vnd.kubernetes.protobuf' })
    expect(status).toBe(406)
    expect(json.message).toBe('only the following media types are accepted: application/json, application/yaml')
  })

  it('keeps paths in their namespace: a kind that is called like a part of Namespace', async () => {
    expect((await admin.get('/api/v1/namespaces/default/status')).json.kind).toBe('Namespace')
  })
})

describe('health and version', () => {
  it('is well', async () => {
    expect((await admin.get('/healthz')).text).toBe('ok')
    expect((await admin.get('/readyz?verbose')).text).toBe('[+]ping ok\nreadyz check passed\n')
    expect((await admin.get('/livez/ping')).text).toBe('ok')
    expect((await admin.get('/livez/other')).status).toBe(404)
    expect((await admin.get('/version')).json).toMatchObject({ major: '1', minor: '36' })
  })

  it('says which check failed, and lets one be left out', async () => {
    const checks = [{ name: 'store', check: () => Promise.reject(new Error('disk full')) }]
    const ill = await startTestApiServer({ healthChecks: checks })
    const client = new ApiHttp(ill, await ill.clientCertificate('admin'))
    expect((await client.get('/readyz')).status).toBe(503)
    expect((await client.get('/readyz')).json.message).toContain('[-]store failed: reason withheld')
    expect((await client.get('/readyz?exclude=store&verbose')).text).toBe('[+]ping ok\nreadyz check passed\n')
    expect((await client.get('/livez/ping')).text).toBe('ok')
    expect((await client.get('/livez/store')).status).toBe(503)
    client.close()
    await ill.close()
  })
})

describe('unexpected errors', () => {
  it('are a 500 with an id that is in the log, and nothing else', async () => {
    const { status, json } = await admin.get(`${PODS}/defect`)
    expect(status).toBe(500)
    expect(json.reason).toBe('InternalError')
    const id = /^Internal error occurred: ([0-9a-f-]{36})$/.exec(json.message)?.[1]
    expect(logged).toContainEqual([expect.objectContaining({ id, path: `${PODS}/defect` }), expect.any(String)])
    expect((await admin.get(PODS)).status).toBe(200)
  })
})

describe('what is not of Kubernetes', () => {
  it('has routes that know their clients by other means', async () => {
    const nobody = new ApiHttp(server)
    expect((await nobody.post('/kubette/v1/test', {})).text).toBe('extra')
    expect((await nobody.post('/kubette/v1/test', {}, { 'x-refuse': '1' })).json).toMatchObject({ code: 403 })
    expect((await nobody.get('/kubette/v1/test')).status).toBe(401)
    nobody.close()
  })

  it.each([
    ['/kubette/v1/socket', true, /^HTTP\/1.1 101 .*\n\r\nadmin$/s],
    ['/kubette/v1/socket', false, /^HTTP\/1.1 401 .*"reason":"Unauthorized"/s],
    [`${PODS}/web/exec?command=ls`, true, /^HTTP\/1.1 404 .*pods \\"web\\" not found/s],
    [`${PODS}/web/nothing`, true, /^HTTP\/1.1 404 /],
    [`${PODS}?watch=true`, true, /^HTTP\/1.1 400 /],
  ])('upgrades connections: %s, known: %s', async (path, isKnown, expected) => {
    const credentials = isKnown ? await server.clientCertificate('admin') : {}
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ...credentials })
    await once(socket, 'secureConnect')
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n`)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toMatch(expected)
  })

  it('lets go of who is refused an upgrade and goes on sending', async () => {
    const system = systemClock()
    const impatient = await startTestApiServer({
      clock: { ...system, after: (_delayMs, run) => system.after(10, run) },
    })
    const socket = connect({ host: '127.0.0.1', port: impatient.port, ca: impatient.ca })
    socket.allowHalfOpen = true
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n')
    const sending = setInterval(() => socket.write(Buffer.alloc(50_000)), 10)
    await new Promise((resolve) => socket.resume().once('close', resolve))
    clearInterval(sending)
    await impatient.close()
  })
})

describe('close', () => {
  it('ends watches and refuses what comes after', async () => {
    const closing = await startTestApiServer()
    const client = new ApiHttp(closing, await closing.clientCertificate('admin'))
    await client.post(PODS, pod('web'))
    const watch = await client.stream(`${PODS}?watch=true`)
    expect(await watch.event()).toMatchObject({ type: 'ADDED' })
    await closing.close()
    expect(await watch.line()).toBeUndefined()
    await expect(client.get(PODS)).rejects.toThrow()
  })

  it('does not wait for connections that do nothing', async () => {
    const closing = await startTestApiServer()
    const socket = connect({ host: '127.0.0.1', port: closing.port, ca: closing.ca })
    await once(socket, 'secureConnect')
    const closed = once(socket, 'close')
    await closing.close()
    socket.resume()
    await closed
  })
})
