import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HookRunner } from '../../../../../agent/pods/hooks/hook-runner.ts'
import type { LifecycleHandler } from '../../../../../shared/api/generated/core-v1.ts'
import { systemClock } from '../../../../../shared/clock.ts'
import { assignedPod, podContainer } from '../../../../support/assigned-pod.ts'
import { listen } from '../../../../support/listen.ts'

describe('HookRunner', () => {
  let server: Server
  let port: number
  const seen: string[] = []
  const told: string[] = []
  const tell = (reason: string, message: string) => void told.push(`${reason}: ${message}`)

  beforeAll(async () => {
    server = createServer(({ method, url, headers }, response) => {
      seen.push(`${method} ${url} ${headers['user-agent']} ${headers['x-why']} ${headers.authorization}`)
      response.writeHead(503).end()
    })
    port = await listen(server)
  })
  afterAll(() => server.close())

  const exec = async (_id: string, [command]: string[]) => ({ exitCode: command === 'true' ? 0 : 3, output: 'no luck' })
  const runner = new HookRunner({ runtime: { exec, isExecuting: async () => false }, clock: systemClock() })
  const run = (hook: LifecycleHandler, signal = new AbortController().signal) => {
    const container = podContainer('web', { ports: [{ name: 'http', containerPort: port }] })
    return runner.run(hook, assignedPod('a'), { containerId: 'x', container, podIP: '127.0.0.1' }, signal, tell)
  }

  it('asks over HTTP, whatever the answer', async () => {
    const httpHeaders = [{ name: 'X-Why', value: 'drain' }]
    await run({ httpGet: { path: '/bye', port: 'http', httpHeaders } })
    expect(seen).toEqual(['GET /bye kube-lifecycle/1.36 drain undefined'])
  })

  it('asks a server without TLS over HTTP, tells so, and keeps passwords to itself', async () => {
    seen.length = 0
    const httpHeaders = [
      { name: 'X-Why', value: 'drain' },
      { name: 'Authorization', value: 'Basic eDp5' },
    ]
    await run({ httpGet: { path: '/bye', port: 'http', scheme: 'HTTPS', httpHeaders } })
    expect(seen).toEqual(['GET /bye kube-lifecycle/1.36 drain undefined'])
    const asked = `request to HTTPS lifecycle hook 127.0.0.1:${port} got HTTP response`
    expect(told).toEqual([`LifecycleHTTPFallback: ${asked}, retry with HTTP succeeded`])
  })

  it('fails where nobody answers', async () => {
    const subject = 'Container "web" in Pod "a_default(uid-a)"'
    await expect(run({ httpGet: { path: '/bye', port: 9 } })).rejects.toThrow(
      `HTTP lifecycle hook (/bye) for ${subject} failed - error: Get "http://127.0.0.1:9/bye": dial tcp 127.0.0.1:9: connect: connection refused`,
    )
  })

  it('runs a command, which has to succeed', async () => {
    await run({ exec: { command: ['true'] } })
    const subject = 'Container "web" in Pod "a_default(uid-a)"'
    await expect(run({ exec: { command: ['false', 'x'] } })).rejects.toThrow(
      `Exec lifecycle hook ([false x]) for ${subject} failed - error: command 'false x' exited with 3: no luck, message: "no luck"`,
    )
  })

  it('sleeps until it is told not to', async () => {
    await run({ sleep: { seconds: 0 } })
    const stop = new AbortController()
    const sleeping = run({ sleep: { seconds: 1000 } }, stop.signal)
    stop.abort(new Error('enough'))
    await expect(sleeping).rejects.toThrow('enough')
  })

  it('refuses what is there for compatibility only', async () => {
    await expect(run({ tcpSocket: { port } })).rejects.toThrow('Cannot run handler: invalid handler')
  })
})
