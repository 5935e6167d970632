import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { createServer as createTcpServer, type Server } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NetworkProber } from '../../../../../agent/pods/probes/network-prober.ts'
import { RuntimeFailure } from '../../../../../agent/runtime/runtime.ts'
import { systemClock } from '../../../../../shared/clock.ts'
import { podContainer } from '../../../../support/assigned-pod.ts'
import { listen } from '../../../../support/listen.ts'

const exec = () => Promise.reject(new RuntimeFailure('failed', 'not asked for'))

/** What the server says of each service. */
const ANSWERS: Record<string, { status?: number; code?: number; message?: string }> = {
  '': { status: 1 },
  sick: { status: 2 },
  gone: { code: 5, message: 'unknown service' },
  old: { code: 12, message: 'unknown method Check' },
}

async function answer(stream: ServerHttp2Stream): Promise<void> {
  const frame = await buffer(stream)
  const service = frame.subarray(7).toString()
  if (service === 'silent') return
  if (service === 'broken') return stream.close(8)
  const { status, code = 0, message = '' } = ANSWERS[service] ?? {}
  const trailers = { 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) }
  const headers = { ':status': 200, 'content-type': 'application/grpc' }
  if (status === undefined) return stream.respond({ ...headers, ...trailers }, { endStream: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  stream.respond(headers, { waitForTrailers: true })
  stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]))
}

describe('a gRPC probe', () => {
  let server: Http2Server
  let silent: Server
  let port: number
  let silentPort: number

  beforeAll(async () => {
    server = createServer()
    server.on('stream', (stream) => void answer(stream))
    silent = createTcpServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    port = await listen(server)
    silentPort = await listen(silent)
  })
  afterAll(() => {
    server.close()
    silent.close()
  })

  const prober = new NetworkProber({ runtime: { exec }, clock: systemClock() })
  const probe = (service: string, at = port) => {
    const target = { containerId: 'x', container: podContainer('web'), podIP: '127.0.0.1' }
    return prober.probe({ grpc: { port: at, service }, timeoutSeconds: 0.5 }, target)
  }

  it('passes where the service serves', async () => {
    expect(await probe('')).toEqual({ success: true, message: '' })
  })

  it.each([
    ['sick', 'service unhealthy (responded with "NOT_SERVING")'],
    ['gone', 'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service'],
    [
      'old',
      'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown method Check',
    ],
    ['silent', 'timeout: health rpc did not complete within 500ms'],
  ])('fails for a service that is %s', async (service, message) => {
    expect(await probe(service)).toEqual({ success: false, message })
  })

  it('fails where a call is cut off', async () => {
    const { success, message } = await probe('broken')
    expect([success, message]).toEqual([false, expect.stringContaining('code = Unavailable')])
  })

  it('fails where nobody listens, or somebody who speaks something else', async () => {
    const refused = 'dial tcp 127.0.0.1:9: connect: connection refused'
    const message = `error: failed to connect service at "127.0.0.1:9": ${refused}`
    expect(await probe('', 9)).toEqual({ success: false, message })
    expect(await probe('', silentPort)).toMatchObject({ success: false })
  })
})
