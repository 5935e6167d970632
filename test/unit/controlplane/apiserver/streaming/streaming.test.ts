import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { ApiError } from '../../../../../shared/api/api-error.ts'
import { PODS } from '../../../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../../../shared/api/object.ts'
import { COMMAND_CHANNELS, encodeTerminalSize } from '../../../../../shared/protocol/command-channels.ts'
import type { StreamRequest } from '../../../../../shared/protocol/frames.ts'
import { ApiHttp } from '../../../../support/api-http.ts'
import { MemoryStream } from '../../../../support/memory-stream.ts'
import { pod } from '../../../../support/sample-objects.ts'
import { SpdyClient } from '../../../../support/spdy-client.ts'
import { startTestApiServer, type TestApiServer } from '../../../../support/test-api-server.ts'

const POD = '/api/v1/namespaces/default/pods/web'
const FAILURE = { metadata: {}, status: 'Failure', reason: 'NonZeroExitCode' }

/** What the node is asked for, with the stream that it got. */
interface Opened {
  request: StreamRequest
  stream: MemoryStream
}

let server: TestApiServer
let credentials: { cert: string; key: string }
const opened: Opened[] = []

beforeAll(async () => {
  server = await startTestApiServer({
    authorizer: { authorize: (_, { verb }) => (mayDo(verb) ? { allowed: true } : { allowed: false, reason: '' }) },
    nodeStreams: {
      async open(_node, request) {
        if ('container' in request && request.container === 'side')
          throw new ApiError('NotFound', 'container not found ("side")')
        if ('port' in request && request.port === 9) throw new ApiError('InternalError', 'connection refused')
        const stream = new MemoryStream()
        opened.push({ request, stream })
        return stream
      },
    },
  })
  credentials = await server.clientCertificate('admin')
  const web = pod('web', ['main', 'side'])
  const bound = { ...web, spec: { ...web.spec, nodeName: 'node-1' } } as KubeObject
  await server.registry.create(PODS, bound, { namespace: 'default' })
  await server.registry.create(PODS, pod('waiting'), { namespace: 'default' })
})
afterAll(() => server.close())

let mayDo = (_verb: string) => true
beforeEach(() => {
  opened.length = 0
  mayDo = () => true
})

const last = () => opened.at(-1) as Opened
const exec = 'exec?container=main&command=sh&command=-c&stdin=true&stdout=true&stderr=true'

/** A WebSocket of kubectl, with what has come on each channel. */
async function dial(path: string, protocol: string | string[] = 'v5.channel.k8s.io') {
  const { url, ca } = server
  const socket = new WebSocket(url.replace('https', 'wss') + path, protocol, { ca, ...credentials })
  const channels = new Map<number, string>()
  socket.on('message', (message: Buffer) => {
    channels.set(message[0] ?? 0, (channels.get(message[0] ?? 0) ?? '') + message.subarray(1))
  })
  await once(socket, 'open')
  const send = (channel: number, data: string | Buffer) =>
    socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(data)]))
  return { socket, channels, send }
}

async function refusalOf(path: string, headers: Record<string, string>, method = 'GET') {
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ...credentials })
  await once(socket, 'secureConnect')
  const lines = Object.entries({ Host: 'x', Connection: 'Upgrade', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
  return { head, status: JSON.parse(body) as { code: number; message: string } }
}

const WEB_SOCKET = {
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Protocol': 'v5.channel.k8s.io',
}
const SPDY = { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' }

/** SPDY after a POST, as kubectl before 1.30 asks for it. */
async function dialSpdy(
  path: string,
  protocols: string,
): Promise<{ socket: TLSSocket; client: SpdyClient; head: string }> {
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ...credentials })
  await once(socket, 'secureConnect')
  const headers = `Host: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocols}`
  socket.write(`POST ${path} HTTP/1.1\r\n${headers}\r\nContent-Length: 0\r\n\r\n`)
  const [head] = await once(socket, 'data')
  return { socket, client: new SpdyClient(socket), head: String(head) }
}

describe('exec over a WebSocket', () => {
  it('asks the node for the command, and passes on in both directions', async () => {
    const { channels, send, socket } = await dial(`${POD}/${exec}`)
    expect(last().request).toMatchObject({
      kind: 'exec',
      container: 'main',
      command: ['sh', '-c'],
      stdin: true,
      tty: false,
    })
    last().stream.send(COMMAND_CHANNELS.stdout, 'out')
    last().stream.send(COMMAND_CHANNELS.stderr, 'err')
    send(0, 'typed')
    send(255, Buffer.of(0))
    await vi.waitFor(() => expect(last().stream.text(COMMAND_CHANNELS.close)).toBe('\0'))
    expect(last().stream.text(COMMAND_CHANNELS.stdin)).toBe('typed')
    last().stream.send(COMMAND_CHANNELS.status, JSON.stringify(FAILURE))
    last().stream.sendEnd()
    await once(socket, 'close')
    expect([channels.get(1), channels.get(2), JSON.parse(channels.get(3) ?? '')]).toEqual(['out', 'err', FAILURE])
  })

  it('passes sizes of the terminal on, and lets go what is none', async () => {
    const { send, socket } = await dial(`${POD}/exec?container=main&command=sh&stdin=true&stdout=true&tty=true`)
    expect(last().request).toMatchObject({ tty: true, stderr: false })
    for (const size of ['{"Width":0,"Height":1}', 'nonsense', '{"Width":70000,"Height":1}']) send(4, size)
    send(4, '{"Width":300,"Height":40}')
    const expected = Buffer.from(encodeTerminalSize({ width: 300, height: 40 })).toString()
    await vi.waitFor(() => expect(last().stream.text(COMMAND_CHANNELS.resize)).toBe(expected))
    socket.close()
  })

  it('tells of a node that is lost, and ends the stream of a client that has gone', async () => {
    const lost = await dial(`${POD}/${exec}`, 'v4.channel.k8s.io')
    last().stream.hangUp()
    await once(lost.socket, 'close')
    expect(JSON.parse(lost.channels.get(3) ?? '')).toMatchObject({ status: 'Failure', message: 'the stream has ended' })
    const gone = await dial(`${POD}/${exec}`)
    gone.socket.terminate()
    expect(await last().stream.ended).toMatchObject({ message: 'the client has gone' })
  })

  it('takes no endless messages', async () => {
    const { socket } = await dial(`${POD}/${exec}`)
    socket.send(Buffer.alloc(5 * 1024 * 1024))
    await once(socket, 'close')
    await last().stream.ended
  })
})

describe('what is refused before the upgrade', () => {
  it.each([
    [`${POD}/exec?command=ls`, 400, 'a container name must be specified for pod web, choose one of: [main side]'],
    [`${POD}/exec?command=ls&container=db`, 400, 'container db is not valid for pod web'],
    [`${POD}/exec?container=main`, 400, 'you must specify at least one command for the container'],
    [`${POD}/exec?container=main&command=ls&stdout=false&stderr=false`, 400, 'you must specify at least 1 of'],
    [`${POD}/exec?container=side&command=ls`, 404, 'container not found ("side")'],
    [`${POD}/attach?container=side`, 404, 'container not found ("side")'],
    [`${POD.replace('web', 'none')}/attach`, 404, 'pods "none" not found'],
    [`${POD.replace('web', 'waiting')}/exec?command=ls`, 400, 'pod waiting does not have a host assigned'],
  ])('%s: %i', async (path, code, message) => {
    for (const headers of [WEB_SOCKET, SPDY]) {
      const { head, status } = await refusalOf(path, headers)
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${code} `))
      expect(status).toMatchObject({ code, message: expect.stringContaining(message) })
    }
  })

  it('includes who may only read, by whichever method they ask', async () => {
    mayDo = (verb) => verb === 'get'
    for (const part of ['exec?command=ls&container=main', 'attach?container=main', 'portforward']) {
      expect((await refusalOf(`${POD}/${part}`, WEB_SOCKET)).status.code).toBe(403)
      expect((await refusalOf(`${POD}/${part}`, SPDY, 'POST')).status.code).toBe(403)
    }
    expect(opened).toEqual([])
  })

  it('includes what is no upgrade, and protocols that nobody knows', async () => {
    const api = new ApiHttp(server, credentials)
    expect((await api.get(`${POD}/exec?command=ls`)).json).toMatchObject({
      code: 400,
      message: 'Upgrade request required',
    })
    api.close()
    const path = `${POD}/exec?command=ls&container=main`
    expect((await refusalOf(path, { Upgrade: 'h2c' })).status.message).toBe('Upgrade request required')
    const unknown = { ...WEB_SOCKET, 'Sec-WebSocket-Protocol': 'v9.channel.k8s.io' }
    expect((await refusalOf(path, unknown)).status.message).toContain('client supports [v9.channel.k8s.io]')
  })
})

describe('exec over SPDY', () => {
  it('begins when the client has opened its streams, and ends with a Status', async () => {
    const { client, head, socket } = await dialSpdy(`${POD}/${exec}`, 'v4.channel.k8s.io, v3.channel.k8s.io')
    expect(head).toMatch(/^HTTP\/1.1 101 .*X-Stream-Protocol-Version: v4.channel.k8s.io/s)
    const error = await client.open({ streamtype: 'error' })
    const stdin = await client.open({ streamtype: 'stdin' })
    const stdout = await client.open({ streamtype: 'stdout' })
    last().stream.send(COMMAND_CHANNELS.stdout, 'early')
    const stderr = await client.open({ streamtype: 'stderr' })
    client.data(stdin, 'typed', true)
    last().stream.send(COMMAND_CHANNELS.stderr, 'err')
    await vi.waitFor(() => expect(last().stream.text(COMMAND_CHANNELS.close)).toBe('\0'))
    last().stream.send(COMMAND_CHANNELS.status, JSON.stringify(FAILURE))
    last().stream.sendEnd()
    await once(socket, 'close')
    expect([client.text(stdout), client.text(stderr), JSON.parse(client.text(error))]).toEqual([
      'early',
      'err',
      FAILURE,
    ])
    expect([error, stdout, stderr].map((stream) => client.hasEnded(stream))).toEqual([true, true, true])
    expect(last().stream.text(COMMAND_CHANNELS.stdin)).toBe('typed')
  })
})

describe('port-forward', () => {
  const connectTo = async (client: SpdyClient, port: number, id: number) => {
    const headers = { port: String(port), requestid: String(id) }
    const error = await client.open({ ...headers, streamtype: 'error' }, true)
    const data = await client.open({ ...headers, streamtype: 'data' })
    return { error, data }
  }
  const exchange = async (client: SpdyClient) => {
    const first = await connectTo(client, 8080, 0)
    const second = await connectTo(client, 8081, 1)
    await vi.waitFor(() => expect(opened.map(({ request }) => request)).toMatchObject([{ port: 8080 }, { port: 8081 }]))
    const [one, two] = opened as [Opened, Opened]
    client.data(second.data, 'to 8081', true)
    one.stream.send(1, 'from 8080')
    one.stream.sendEnd()
    await vi.waitFor(() => expect([client.hasEnded(first.data), client.hasEnded(first.error)]).toEqual([true, true]))
    expect(client.text(first.data)).toBe('from 8080')
    await two.stream.ended
    expect(two.stream.text()).toBe('to 8081')
    const refused = await connectTo(client, 9, 2)
    await vi.waitFor(() => expect(client.hasEnded(refused.error)).toBe(true))
    expect(client.text(refused.error)).toMatch(/^error forwarding port 9 to pod web, uid .*: connection refused$/)
  }

  it('carries several connections over SPDY', async () => {
    const { client, head, socket } = await dialSpdy(`${POD}/portforward`, 'portforward.k8s.io')
    expect(head).toContain('X-Stream-Protocol-Version: portforward.k8s.io')
    await exchange(client)
    socket.destroy()
  })

  it('agrees to carry them over SPDY in a WebSocket', async () => {
    const { url, ca } = server
    const path = `${url.replace('https', 'wss')}${POD}/portforward`
    // `ws` cannot offer a protocol with a slash by itself, nor take one that it has not offered.
    const socket = new WebSocket(path, {
      ca,
      ...credentials,
      headers: { 'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io' },
    })
    const upgrade = once(socket, 'upgrade')
    socket.on('error', () => {})
    const [response] = await upgrade
    expect(response.headers['sec-websocket-protocol']).toBe('SPDY/3.1+portforward.k8s.io')
  })

  it('carries one to each port over channels, and ends with the last', async () => {
    const { channels, send, socket } = await dial(`${POD}/portforward?ports=80,81&ports=9`, 'v4.channel.k8s.io')
    await vi.waitFor(() => expect(channels.get(5)).toMatch(/^\t\0error forwarding port 9 .*: connection refused$/))
    const [one, two] = opened as [Opened, Opened]
    expect([one.request, two.request]).toMatchObject([{ kind: 'portForward', port: 80 }, { port: 81 }])
    send(2, 'to 81')
    send(1, 'nobody listens')
    one.stream.send(1, 'from 80')
    one.stream.sendEnd()
    await vi.waitFor(() => expect(two.stream.text()).toBe('to 81'))
    expect(await one.stream.ended).toBeUndefined()
    expect(socket.readyState).toBe(WebSocket.OPEN)
    two.stream.sendEnd()
    await once(socket, 'close')
    expect([0, 1, 2, 3, 4].map((channel) => channels.get(channel))).toEqual(['P\0from 80', 'P\0', 'Q\0', 'Q\0', '\t\0'])
  })

  it('takes clients of channels that offer several protocols, base64, or none', async () => {
    for (const [protocols, chosen] of [
      [['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io'], 'v4.channel.k8s.io'],
      [['v4.base64.channel.k8s.io'], 'v4.base64.channel.k8s.io'],
      [[], ''],
    ] as const) {
      const { socket } = await dial(`${POD}/portforward?ports=80`, [...protocols])
      expect(socket.protocol).toBe(chosen)
      const [message] = await once(socket, 'message')
      expect(String(message)).toBe(chosen.includes('base64') ? '0UAA=' : '\0P\0')
      socket.terminate()
      expect(await last().stream.ended).toMatchObject({ message: 'the client has gone' })
    }
  })

  it.each([
    ['', 'query parameter "ports" is required'],
    ['?ports=http', 'unable to parse "http" of query parameter "ports" as a port'],
    ['?ports=80,', 'unable to parse "" of query parameter "ports" as a port'],
    ['?ports=70000', 'must be between 1 and 65535, inclusive'],
    [`?ports=80${',80'.repeat(40)}`, 'query parameter "ports" has 41 ports, must have at most 40'],
  ])('refuses channels for "%s"', async (query, message) => {
    const headers = { ...WEB_SOCKET, 'Sec-WebSocket-Protocol': 'v4.channel.k8s.io' }
    const { status } = await refusalOf(`${POD}/portforward${query}`, headers)
    expect(status).toMatchObject({ code: 400, message: expect.stringContaining(message) })
    expect(opened).toEqual([])
  })

  it('ends connections whose client has gone, and resets what makes no sense', async () => {
    const { client, socket } = await dialSpdy(`${POD}/portforward`, 'portforward.k8s.io')
    const odd: Record<string, string>[] = [{ port: '0' }, { port: '99999' }, { port: 'http' }, {}]
    for (const headers of [...odd, { port: '80', streamtype: 'odd' }]) {
      const number = await client.open({ streamtype: 'data', requestid: '7', ...headers })
      await vi.waitFor(() => expect(client.frames).toContainEqual(expect.objectContaining({ type: 'reset', number })))
    }
    await connectTo(client, 8080, 8)
    await vi.waitFor(() => expect(opened).toHaveLength(1))
    socket.destroy()
    expect(await last().stream.ended).toBeInstanceOf(Error)
  })
})
