import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { keepCertificateFresh } from '../../agent/connection/certificate-renewal.ts'
import { createControlLink } from '../../agent/connection/control-link.ts'
import { createDial } from '../../agent/connection/dial.ts'
import { enrol } from '../../agent/connection/enrol.ts'
import type { NodeCredentials } from '../../agent/connection/node-credentials.ts'
import { NetworkState } from '../../agent/network/network-state.ts'
import { createAuthorizer } from '../../controlplane/apiserver/auth/authorizer.ts'
import { createCertificateAuthenticator } from '../../controlplane/apiserver/auth/certificate-authenticator.ts'
import { createAgentEndpoint } from '../../controlplane/apiserver/auth/join/agent-endpoint.ts'
import { createJoinRoutes } from '../../controlplane/apiserver/auth/join/join-routes.ts'
import {
  type CertificateAuthority,
  openCertificateAuthority,
} from '../../controlplane/apiserver/auth/pki/certificate-authority.ts'
import { checkNodeRequest, issueNodeCertificate } from '../../controlplane/apiserver/auth/pki/node-certificate.ts'
import { issueServerCredentials } from '../../controlplane/apiserver/auth/pki/server-certificate.ts'
import { registryNodeLookup } from '../../controlplane/apiserver/auth/registry-node-lookup.ts'
import { type ApiServer, createApiServer } from '../../controlplane/apiserver/server.ts'
import { versionInfo } from '../../controlplane/apiserver/version.ts'
import { createLocalClient } from '../../controlplane/client/local-client.ts'
import { createNodeHub } from '../../controlplane/nodes/node-hub.ts'
import { createInformers } from '../../controlplane/reconcile/shared-informer.ts'
import { createRegistry } from '../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../controlplane/registry/namespaces.ts'
import { MemoryStore } from '../../controlplane/store/memory-store.ts'
import { NODES, PODS, type Pod, SECRETS } from '../../shared/api/kinds.ts'
import { systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { formatJoinToken, newJoinToken } from '../../shared/pki/join-token.ts'
import { joinTokenSecret } from '../../shared/pki/join-token-secret.ts'
import { generateKeyPair, privateKeyPem } from '../../shared/pki/key-pair.ts'
import { createNodeRequest } from '../../shared/pki/node-request.ts'
import { systemRandom } from '../../shared/random.ts'

const clock = systemClock({ background: true })
const random = systemRandom
const log = silentLogger
const registry = createRegistry({ store: new MemoryStore(), clock, random })
const client = createLocalClient(registry)
const stop = new AbortController()
const closing: (() => void)[] = []
let directory: string
let ca: CertificateAuthority
let server: ApiServer
let url: string
let count = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubette-admission-'))
  await bootstrapNamespaces(registry)
  ca = await openCertificateAuthority(join(directory, 'pki'), clock, random)
  const authenticator = createCertificateAuthenticator(clock)
  const informers = createInformers({ client, clock, random, log })
  const hub = createNodeHub({ client, informers, clock, random, log, clusterId: 'c1', heartbeat: { intervalMs: 100 } })
  informers.start(stop.signal)
  server = createApiServer({
    registry,
    authenticator,
    authorizer: createAuthorizer(registryNodeLookup(registry)),
    nodeStreams: hub,
    clock,
    random,
    log,
    version: versionInfo('0.0.0'),
    serverAddress: '',
    healthChecks: [],
    tls: { ...(await issueServerCredentials(ca, [])), ca: ca.pem },
    extraRoutes: createJoinRoutes({ registry, ca, clusterId: 'c1', clock, log, authenticator }),
    upgradeHandlers: [createAgentEndpoint({ clock, accept: hub.accept })],
  })
  url = `https://127.0.0.1:${await server.listen('127.0.0.1', 0)}`
})

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

afterAll(async () => {
  stop.abort()
  await server.close()
  await rm(directory, { recursive: true })
})

async function newToken(options: { expiresAt?: number; caHash?: string } = {}) {
  const token = newJoinToken(random, options.caHash ?? ca.hash)
  const secret = joinTokenSecret(token.secret, options)
  await client.create(SECRETS, secret)
  return { text: formatJoinToken(token), secret: token.secret, name: secret.metadata.name ?? '' }
}

/** A machine of its own that joins. */
async function joinAs(nodeName: string, more: { token?: string; dataDir?: string; serverUrl?: string } = {}) {
  const dataDir = more.dataDir ?? join(directory, `machine-${count++}`)
  const token = 'token' in more ? more.token : (await newToken()).text
  const signal = AbortSignal.timeout(10_000)
  const credentials = await enrol({ serverUrl: url, nodeName, clock, random, log, signal, ...more, token, dataDir })
  return { credentials, dataDir }
}

function startLink(credentials: () => NodeCredentials) {
  const assigned: string[][] = []
  const link = createControlLink({
    dial: createDial(url, credentials, clock),
    clock,
    random,
    log,
    agentVersion: '0',
    node: () => ({ labels: {}, status: {} }),
    assignments: { assign: ({ pods }) => assigned.push([...pods.values()].map(({ metadata }) => metadata.name)) },
    network: new NetworkState({ clock, log }),
    streams: { serve: async () => {} },
  })
  link.start()
  closing.push(() => link.close())
  return { link, assigned }
}

interface Answer {
  code: number
  body: { message?: string; reason?: string; items?: unknown[] }
}

/** One HTTPS request; with `as` it shows that client certificate. */
function call(
  method: string,
  path: string,
  options: { as?: NodeCredentials; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { as, headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const tls = { ca: ca.pem, agent: false as const, ...(as ? { cert: as.certificate, key: as.key } : {}) }
    const outgoing = httpsRequest(new URL(path, url), { method, headers, ...tls }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body: JSON.parse(text) }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** The HTTP code with which a WebSocket is refused, or `open`. */
function dialWith(as: Partial<NodeCredentials>, headers: Record<string, string> = {}): Promise<number | 'open'> {
  return new Promise((resolve, reject) => {
    const tls = as.certificate ? { cert: as.certificate, key: as.key } : {}
    const socket = new WebSocket(`${url.replace('https', 'wss')}/kubette/v1/agent`, { ca: ca.pem, headers, ...tls })
    socket.on('open', () => {
      resolve('open')
      socket.terminate()
    })
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
    socket.on('error', reject)
  })
}

const readyOf = async (name: string) =>
  (await client.get(NODES, { name }).catch(() => undefined))?.status?.conditions?.find(({ type }) => type === 'Ready')
    ?.status

describe('joining', () => {
  it('makes a machine a node that connects, is Ready and gets its Pods', async () => {
    const { credentials, dataDir } = await joinAs('joined')
    expect(new X509Certificate(credentials.certificate).subject).toContain('CN=system:node:joined')
    const { assigned } = startLink(() => credentials)
    await vi.waitFor(async () => expect(await readyOf('joined')).toBe('True'), 5000)
    const pod: Pod = {
      metadata: { name: 'web', namespace: 'default' },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    }
    await client.bind(await client.create(PODS, pod), 'joined')
    await vi.waitFor(() => expect(assigned.at(-1)).toEqual(['web']), 5000)
    const again = await joinAs('joined', { dataDir, token: undefined })
    expect(again.credentials).toEqual(credentials)
  })

  it('never shows the secret to a server with another CA', async () => {
    const strangers = await openCertificateAuthority(join(directory, 'strangers'), clock, random)
    const seen: string[] = []
    const stranger = createServer(await issueServerCredentials(strangers, []), (request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
      response.end('{}')
    })
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    const serverUrl = `https://127.0.0.1:${(stranger.address() as AddressInfo).port}`
    await expect(joinAs('lured', { serverUrl })).rejects.toThrow('does not show the CA that the token names')
    stranger.close()
    expect(seen).toEqual([])
  })

  it('never shows the secret to a server that shows our CA but holds no certificate of it', async () => {
    const seen: string[] = []
    const strangers = await openCertificateAuthority(join(directory, 'impostors'), clock, random)
    const own = await issueServerCredentials(strangers, [])
    const cert = `${own.cert}\n${ca.pem}`
    const impostor = createServer({ cert, key: own.key }, (request, response) => {
      seen.push(`${request.headers.authorization}`)
      response.end('{}')
    })
    await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve))
    const serverUrl = `https://127.0.0.1:${(impostor.address() as AddressInfo).port}`
    const signal = AbortSignal.timeout(1500)
    const { text: token } = await newToken()
    const joining = enrol({
      serverUrl,
      token,
      nodeName: 'x',
      dataDir: join(directory, 'x'),
      clock,
      random,
      log,
      signal,
    })
    await expect(joining).rejects.toThrow()
    impostor.close()
    expect(seen).toEqual([])
  })

  it('refuses a taken name, and tells what to do; the machine itself may join again', async () => {
    const { dataDir } = await joinAs('taken')
    await expect(joinAs('taken')).rejects.toThrow('is taken by another machine: give this one another name with --name')
    await rm(join(dataDir, 'identity.json'))
    expect((await joinAs('taken', { dataDir })).credentials.nodeName).toBe('taken')
    await client.delete(NODES, { name: 'taken' })
    expect((await joinAs('taken')).credentials.nodeName).toBe('taken')
  })

  it('gives a name to one of two that ask for it at once', async () => {
    const results = await Promise.allSettled([joinAs('contested'), joinAs('contested')])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('refuses tokens that are revoked, expired, wrong or missing', async () => {
    const revoked = await newToken()
    await client.delete(SECRETS, { namespace: 'kube-system', name: revoked.name })
    await expect(joinAs('late', { token: revoked.text })).rejects.toThrow('the join token is not known')
    const expired = await newToken({ expiresAt: clock.now() - 1000 })
    await expect(joinAs('late', { token: expired.text })).rejects.toThrow('the join token has expired')
    await expect(joinAs('late', { token: 'K1.x.y' })).rejects.toThrow('is not one that `kubette token create` made')
    await expect(joinAs('late', { token: undefined })).rejects.toThrow('has not joined yet')
    expect((await call('POST', '/kubette/v1/join', { body: '{}' })).code).toBe(401)
    await expect(client.get(NODES, { name: 'late' })).rejects.toMatchObject({ reason: 'NotFound' })
  })

  it('waits for a control plane that cannot be reached, until it is told to give up', async () => {
    const signal = AbortSignal.timeout(300)
    const { text: token } = await newToken()
    const serverUrl = 'https://127.0.0.1:9'
    const joining = enrol({
      serverUrl,
      token,
      nodeName: 'far',
      dataDir: join(directory, 'far'),
      clock,
      random,
      log,
      signal,
    })
    await expect(joining).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('refuses to be another node, or of another cluster, in the same directory', async () => {
    const { dataDir } = await joinAs('settled')
    await expect(joinAs('moved', { dataDir })).rejects.toThrow('belongs to the node settled, not moved')
    const { text } = await newToken({ caHash: '00'.repeat(32) })
    await expect(joinAs('settled', { dataDir, token: text })).rejects.toThrow('of another cluster than the token')
  })

  it('takes no bodies that are too long, no nonsense and no wrong names', async () => {
    const headers = { authorization: `Bearer ${(await newToken()).secret}` }
    const post = (body: string) => call('POST', '/kubette/v1/join', { headers, body })
    expect((await post('x'.repeat(70_000))).code).toBe(413)
    expect((await post('{')).body.message).toBe('the body is not JSON')
    expect((await post('[1]')).code).toBe(400)
    expect((await post('{"nodeName":"Upper","csr":""}')).body.message).toContain('"Upper" is no node name')
  })

  it('writes no secret into the data directory but the key, which only its owner reads', async () => {
    const { text, secret } = await newToken()
    const { dataDir } = await joinAs('private', { token: text })
    expect(await readFile(join(dataDir, 'identity.json'), 'utf8')).not.toContain(secret)
    expect(await readFile(join(dataDir, 'node.key'), 'utf8')).toContain('PRIVATE KEY')
  })
})

describe('a node certificate', () => {
  it('is renewed with the same key while the connection stands', async () => {
    const { credentials, dataDir } = await joinAs('renewing')
    const later = { ...clock, now: () => clock.now() + 21 * 24 * 3600 * 1000 }
    const fresh = keepCertificateFresh({ credentials, serverUrl: url, dataDir, clock: later, random, log })
    closing.push(() => fresh.stop())
    startLink(() => fresh.current)
    await vi.waitFor(async () => expect(await readyOf('renewing')).toBe('True'), 5000)
    await fresh.check()
    expect(fresh.current.certificate).not.toBe(credentials.certificate)
    expect(fresh.current.key).toBe(credentials.key)
    expect(await dialWith(fresh.current)).toBe('open')
    expect((await joinAs('renewing', { dataDir, token: undefined })).credentials).toEqual(fresh.current)
  })

  it('is renewed for its own node and key only', async () => {
    const { credentials } = await joinAs('honest')
    const ask = async (nodeName: string) => {
      const csr = createNodeRequest(nodeName, await generateKeyPair())
      return call('POST', '/kubette/v1/renew', { as: credentials, body: JSON.stringify({ nodeName, csr }) })
    }
    expect(await ask('victim')).toMatchObject({
      code: 403,
      body: { message: 'a node can renew its own certificate only' },
    })
    expect(await ask('honest')).toMatchObject({
      code: 400,
      body: { message: expect.stringContaining('a node keeps its key') },
    })
    expect((await call('POST', '/kubette/v1/renew', { body: '{}' })).code).toBe(401)
  })

  it('is worth nothing when it has expired', async () => {
    const keys = await generateKeyPair()
    const checked = await checkNodeRequest(createNodeRequest('old', keys), 'old')
    const certificate = await issueNodeCertificate(ca, checked, -1000)
    const as = { certificate, key: await privateKeyPem(keys) }
    expect(await dialWith(as)).toBe(401)
  })
})

describe('the agent endpoint', () => {
  it('is for nodes, and not for browsers', async () => {
    const { credentials } = await joinAs('visitor')
    expect(await dialWith({})).toBe(401)
    expect(await dialWith(credentials, { origin: 'https://example.com' })).toBe(403)
    expect(await dialWith(await adminCredentials())).toBe(403)
    expect(await dialWith(credentials)).toBe('open')
  })

  it('does not admit the key of an earlier owner of the name', async () => {
    const first = await joinAs('inherited')
    await client.delete(NODES, { name: 'inherited' })
    const second = await joinAs('inherited')
    const { assigned } = startLink(() => first.credentials)
    await new Promise((resolve) => clock.after(500, () => resolve(undefined)))
    expect(assigned).toEqual([])
    expect(await readyOf('inherited')).toBeUndefined()
    startLink(() => second.credentials)
    await vi.waitFor(async () => expect(await readyOf('inherited')).toBe('True'), 5000)
  })
})

describe('the API', () => {
  it('serves a node what is its own and nothing else', async () => {
    const { credentials: as } = await joinAs('alone')
    await joinAs('neighbour')
    expect((await call('GET', '/api/v1/nodes/alone', { as })).code).toBe(200)
    const denied = await call('GET', '/api/v1/nodes/neighbour', { as })
    expect(denied).toMatchObject({ code: 403, body: { reason: 'Forbidden' } })
    expect(denied.body.message).toContain('User "system:node:alone" cannot get resource "nodes"')
    expect((await call('GET', '/api/v1/secrets', { as })).code).toBe(403)
    expect((await call('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dalone', { as })).code).toBe(200)
    expect((await call('GET', '/api/v1/pods', { as })).code).toBe(403)
    const headers = { 'content-type': 'application/merge-patch+json' }
    const patch = (body: object) => call('PATCH', '/api/v1/nodes/alone', { as, headers, body: JSON.stringify(body) })
    expect((await patch({ metadata: { labels: { mine: 'yes' } } })).code).toBe(200)
    expect((await patch({ spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } })).code).toBe(403)
    expect((await patch({ metadata: { annotations: { 'kubette.dev/key-fingerprint': 'x' } } })).code).toBe(403)
  })

  it('serves nobody without a certificate', async () => {
    expect((await call('GET', '/api/v1/namespaces')).code).toBe(401)
    const secret = (await newToken()).secret
    expect((await call('GET', '/api/v1/namespaces', { headers: { authorization: `Bearer ${secret}` } })).code).toBe(401)
  })
})

async function adminCredentials(): Promise<Partial<NodeCredentials>> {
  const keys = await generateKeyPair()
  const certificate = await ca.issue({
    subject: [{ O: ['system:masters'] }, { CN: ['kubernetes-admin'] }],
    publicKey: keys.publicKey,
    usage: 'clientAuth',
    validityMs: 3600_000,
  })
  return { certificate: certificate.toString('pem'), key: await privateKeyPem(keys) }
}
