import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createAuthorizer } from '../../controlplane/apiserver/auth/authorizer.ts'
import { createAgentEndpoint } from '../../controlplane/apiserver/auth/join/agent-endpoint.ts'
import { registryNodeLookup } from '../../controlplane/apiserver/auth/registry-node-lookup.ts'
import { createRegistry } from '../../controlplane/registry/create-registry.ts'
import { MemoryStore } from '../../controlplane/store/memory-store.ts'
import { KINDS, type Kind, LEASES, NODES, PODS, SECRETS } from '../../shared/api/kinds.ts'
import type { KubeObject } from '../../shared/api/object.ts'
import { type Clock, systemClock } from '../../shared/clock.ts'
import { createLogger } from '../../shared/log.ts'
import { systemRandom } from '../../shared/random.ts'
import { pathOf } from '../fuzz/requests.ts'
import { sampleBody } from '../fuzz/sample-bodies.ts'
import { ApiHttp } from '../support/api-http.ts'
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts'

/** Every verb on every resource and subresource by everybody, over TLS: who is not meant to is refused, and logged. */
const real = systemClock({ background: true })
/** What has passed for the limit of what is logged. */
let passedMs = 0
const clock: Clock = { ...real, monotonic: () => real.monotonic() + passedMs }
const registry = createRegistry({ store: new MemoryStore(), clock, random: systemRandom })
const logged: { msg: string; why?: string; code?: number; user?: string }[] = []
const log = createLogger('test', 'warn', { write: (line) => logged.push(JSON.parse(line)) })
const foreign = 'of-n2'
let server: TestApiServer
let strangers: TestApiServer
const clients: Record<string, ApiHttp> = {}

beforeAll(async () => {
  server = await startTestApiServer({
    registry,
    log,
    clock,
    authorizer: createAuthorizer(registryNodeLookup(registry)),
    upgradeHandlers: [createAgentEndpoint({ clock, accept: (socket) => socket.close(1001, 'enough') })],
  })
  strangers = await startTestApiServer()
  const client = async (name: string, groups: string[], of = server) =>
    new ApiHttp(server, await of.clientCertificate(name, groups))
  clients.admin = await client('kubernetes-admin', ['system:masters'])
  clients.node = await client('system:node:n1', ['system:nodes'])
  clients.nobody = new ApiHttp(server)
  clients['an impostor with another CA'] = await client('kubernetes-admin', ['system:masters'], strangers)
  clients['a user without rights'] = await client('eve', ['system:nodes'])
  for (const kind of KINDS) await seed(kind)
})

beforeEach(() => {
  passedMs += 600_000
  logged.length = 0
})

afterAll(async () => {
  for (const client of Object.values(clients)) client.close()
  await server.close()
  await strangers.close()
})

/** Something that has to do with the node n2 only. */
async function seed(kind: Kind): Promise<void> {
  const where = kind.namespaced ? { namespace: 'default' } : {}
  const sample = sampleBody(kind, kind === NODES ? 'n2' : foreign) as { metadata: { name: string } }
  const spec = { nodeName: 'n2', containers: [{ name: 'c', image: 'x' }] }
  const object: KubeObject = kind === PODS ? Object.assign(sample, { spec }) : sample
  await registry.create(kind, object, where)
}

interface Attempt {
  readonly title: string
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

const SUBRESOURCES = ['', 'status', 'scale', 'log', 'exec', 'attach', 'portforward', 'binding', 'eviction', 'finalize']

function* attempts(): Generator<Attempt> {
  for (const kind of KINDS) {
    const name = kind === NODES ? 'n2' : foreign
    const collection = pathOf(kind, 'default', undefined, '')
    const body = sampleBody(kind, `${name}-new`)
    yield { title: `list ${kind.plural}`, method: 'GET', path: collection }
    yield { title: `watch ${kind.plural}`, method: 'GET', path: `${collection}?watch=true&timeoutSeconds=1` }
    yield { title: `create ${kind.plural}`, method: 'POST', path: collection, body }
    yield { title: `deletecollection ${kind.plural}`, method: 'DELETE', path: collection }
    for (const subresource of SUBRESOURCES) {
      const path = pathOf(kind, 'default', name, subresource)
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        yield { title: `${method} ${kind.plural}/${subresource}`, method, path, ...(method === 'GET' ? {} : { body }) }
      }
    }
  }
  for (const path of ['/version', '/api', '/apis', '/openapi/v3', '/healthz', '/metrics', '/nothing']) {
    yield { title: `GET ${path}`, method: 'GET', path }
  }
}

const everything = [...attempts()]

async function codesOf(who: string, tries = everything): Promise<Map<string, number>> {
  const codes = new Map<string, number>()
  for (const { title, method, path, body } of tries) {
    const client = clients[who]
    if (!client) throw new Error(who)
    codes.set(title, (await client.send(method, path, body ? { body } : {})).status)
  }
  return codes
}

const revision = async () => (await registry.list(NODES)).revision

describe('who may do what', () => {
  it.each(['nobody', 'an impostor with another CA'])('%s is not known', async (who) => {
    const before = await revision()
    expect(new Set((await codesOf(who)).values())).toEqual(new Set([401]))
    expect(await revision()).toBe(before)
    expect(logged.some(({ msg, code }) => msg === 'request refused' && code === 401)).toBe(true)
  })

  it('a user without rights is refused everything', async () => {
    const before = await revision()
    expect(new Set((await codesOf('a user without rights')).values())).toEqual(new Set([403]))
    expect(await revision()).toBe(before)
    expect(logged.some(({ why }) => why?.includes('User "eve"'))).toBe(true)
  })

  it('a node is refused whatever is of another node, and changes nothing', async () => {
    const before = await revision()
    const codes = await codesOf('node')
    const allowed = [...codes].filter(([, code]) => code !== 403)
    // It may tell of what happens; a Lease's creation is judged by its name, see below.
    expect(allowed).toEqual([
      ['create events', 201],
      ['POST events/', 405],
    ])
    expect((await revision()) - before).toBe(1)
    expect(logged.some(({ why }) => why?.includes('User "system:node:n1"'))).toBe(true)
  })

  it('who is refused over and over fills no disk', async () => {
    for (let round = 0; round < 150; round++) await clients.nobody?.get('/version')
    expect(logged.length).toBeGreaterThan(90)
    expect(logged.length).toBeLessThan(120)
  })

  it('a node cannot make what would be of another node', async () => {
    const { node } = clients
    if (!node) throw new Error('no client')
    const lease = sampleBody(LEASES, 'n2')
    expect((await node.post('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', lease)).status).toBe(403)
    const generated = { ...lease, metadata: { generateName: 'n' } }
    expect((await node.post('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', generated)).status).toBe(
      403,
    )
    expect((await node.post('/api/v1/nodes', sampleBody(NODES, 'n1'))).status).toBe(403)
    expect((await node.get(pathOf(SECRETS, 'default', `${foreign}%00`, ''))).status).toBe(403)
  })

  it('an admin is refused nothing', async () => {
    const codes = await codesOf(
      'admin',
      everything.filter(({ title }) => !title.startsWith('watch')),
    )
    expect([...codes].filter(([, code]) => code === 401 || code === 403 || code === 500)).toEqual([])
  })
})

/** With what code a WebSocket of an agent is refused. */
async function dial(
  of: TestApiServer,
  name: string,
  headers: Record<string, string> = {},
): Promise<number | undefined> {
  const tls = await of.clientCertificate(name, ['system:nodes'])
  const url = `${server.url.replace('https', 'wss')}/kubette/v1/agent`
  const socket = new WebSocket(url, { ca: server.ca, ...tls, headers }).on('error', () => {})
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  socket.terminate()
  return response.statusCode
}

describe("the agents' door", () => {
  it('is shut, and the log says so, for pages, for who is no node and for another CA', async () => {
    expect(await dial(server, 'system:node:n1', { origin: 'https://example.com' })).toBe(403)
    expect(await dial(server, 'eve')).toBe(403)
    expect(await dial(strangers, 'system:node:n1')).toBe(401)
    expect(logged.map(({ why }) => why)).toEqual([
      'browsers are not served here',
      'only nodes connect here, not "eve"',
      'Unauthorized',
    ])
  })
})
