import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer, type Server as TcpServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NetworkProber } from '../../../../../agent/pods/probes/network-prober.ts'
import { RuntimeFailure } from '../../../../../agent/runtime/runtime.ts'
import type { Probe } from '../../../../../shared/api/generated/core-v1.ts'
import { systemClock } from '../../../../../shared/clock.ts'
import { podContainer } from '../../../../support/assigned-pod.ts'
import { listen } from '../../../../support/listen.ts'

describe('NetworkProber', () => {
  let server: Server
  let silent: TcpServer
  let port: number
  let silentPort: number
  const seen: string[] = []

  beforeAll(async () => {
    server = createHttpServer(({ url, headers, rawHeaders }, response) => {
      seen.push(...rawHeaders.map((text) => text.toLowerCase()))
      const moved: Record<string, string> = { '/here': '/ok', '/loop': '/loop', '/there': 'http://other.invalid/ok' }
      const location = moved[url ?? '']
      response.statusCode = url === '/ok' ? 200 : location ? 302 : headers['x-pass'] === 'yes' ? 204 : 500
      if (location) response.setHeader('Location', location)
      response.end()
    })
    silent = createServer((socket) => socket.on('error', () => undefined))
    port = await listen(server)
    silentPort = await listen(silent)
  })
  afterAll(() => {
    server.close()
    silent.close()
  })

  const exec = async (_id: string, [command]: string[]) => {
    if (command === 'unreachable') throw new RuntimeFailure('unavailable', 'cannot reach Docker')
    if (command === 'slow') throw new RuntimeFailure('timeout', 'late')
    return { exitCode: command === 'true' ? 0 : 1, output: 'it is broken\n' }
  }
  const prober = new NetworkProber({ runtime: { exec }, clock: systemClock() })
  const probe = (what: Probe) => {
    const container = podContainer('web', { ports: [{ name: 'http', containerPort: port }] })
    return prober.probe(what, { containerId: 'x', container, podIP: '127.0.0.1' })
  }

  it('takes answers from 200 to 399 for good', async () => {
    expect(await probe({ httpGet: { path: '/ok', port } })).toEqual({ success: true, message: '' })
    expect(await probe({ httpGet: { path: '/ok?a=b', port: String(port) } })).toMatchObject({ success: false })
    expect(await probe({ httpGet: { path: 'ok', port: String(port) } })).toMatchObject({ success: true })
    const message = 'HTTP probe failed with statuscode: 500'
    expect(await probe({ httpGet: { path: '/', port } })).toEqual({ success: false, message })
  })

  it('takes an answer whose lines end as those of a shell', async () => {
    const shell = createServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.0 200 OK\nServer: sh\n\nhello\n')),
    )
    const shellPort = await listen(shell)
    expect(await probe({ httpGet: { port: shellPort }, timeoutSeconds: 10 })).toEqual({ success: true, message: '' })
    shell.close()
  })

  it('follows redirects on the same host, and takes one to elsewhere for an odd success', async () => {
    expect(await probe({ httpGet: { path: '/here', port } })).toEqual({ success: true, message: '' })
    const odd = { success: true, message: 'Probe terminated redirects' }
    expect(await probe({ httpGet: { path: '/there', port } })).toEqual(odd)
    const { success, message } = await probe({ httpGet: { path: '/loop', port } })
    expect([success, message]).toEqual([false, expect.stringContaining('stopped after 10 redirects')])
  })

  it('sends what headers it is told beside its own', async () => {
    seen.length = 0
    const httpHeaders = [
      { name: 'Host', value: 'shop.example' },
      { name: 'X-A', value: '1' },
      { name: 'x-a', value: '2' },
      { name: 'Accept', value: '' },
    ]
    await probe({ httpGet: { path: '/ok', port, httpHeaders } })
    expect(seen.join(' ')).toContain('host shop.example x-a 1 x-a 2')
    expect(seen).toContain('kube-probe/1.36')
    expect(seen).not.toContain('accept')
  })

  it('sends headers, and knows ports by name', async () => {
    const httpHeaders = [{ name: 'X-Pass', value: 'yes' }]
    expect(await probe({ httpGet: { port: 'http', httpHeaders } })).toMatchObject({ success: true })
    const message = 'the container has no port named "other"'
    expect(await probe({ httpGet: { port: 'other' } })).toEqual({ message })
  })

  it('dials', async () => {
    expect(await probe({ tcpSocket: { port } })).toMatchObject({ success: true })
    const message = 'dial tcp 127.0.0.1:9: connect: connection refused'
    expect(await probe({ tcpSocket: { port: 9 } })).toEqual({ success: false, message })
    const url = '"http://127.0.0.1:9/"'
    expect(await probe({ httpGet: { port: 9 } })).toEqual({ success: false, message: `Get ${url}: ${message}` })
  })

  it('does not wait for an answer for ever', async () => {
    const outcome = await probe({ httpGet: { port: silentPort }, timeoutSeconds: 0.05 })
    expect(outcome.message).toContain('context deadline exceeded')
  })

  it('says nothing of a container where the probe could not be made', async () => {
    expect(await probe({ exec: { command: ['unreachable'] } })).toEqual({ message: 'cannot reach Docker' })
  })

  it('runs commands', async () => {
    expect(await probe({ exec: { command: ['true'] } })).toMatchObject({ success: true })
    expect(await probe({ exec: { command: ['false'] } })).toEqual({ success: false, message: 'it is broken' })
    const late = 'command timed out: "slow" timed out after 1s'
    expect(await probe({ exec: { command: ['slow'] } })).toEqual({ success: false, message: late })
  })
})
