import { EventEmitter, once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Connections } from '../../../../../controlplane/apiserver/http/connections.ts'
import type { HttpResponse } from '../../../../../controlplane/apiserver/http/http-request.ts'
import { Strangers } from '../../../../../controlplane/apiserver/http/strangers.ts'
import { startTestApiServer, type TestApiServer } from '../../../../support/test-api-server.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

class Connection {
  readonly remoteAddress: string
  isOpen = true

  constructor(remoteAddress: string) {
    this.remoteAddress = remoteAddress
  }

  destroy(): void {
    this.isOpen = false
  }
}

describe('strangers', () => {
  let clock: VirtualClock
  let strangers: Strangers
  beforeEach(() => {
    clock = new VirtualClock()
    strangers = new Strangers(clock)
  })

  const arrive = (address: string, count = 1) =>
    Array.from({ length: count }, () => {
      const connection = new Connection(address)
      strangers.add(connection)
      return connection
    })
  const open = (connections: Connection[]) => connections.filter(({ isOpen }) => isOpen).length

  it('stay for half a minute', async () => {
    const [early] = arrive('a')
    await clock.advance(20_000)
    const [late] = arrive('a')
    await clock.advance(10_000)
    expect([early?.isOpen, late?.isOpen, strangers.size]).toEqual([false, true, 1])
    await clock.advance(20_000)
    expect([late?.isOpen, strangers.size]).toEqual([false, 0])
  })

  it('from one address make room for its newest only', () => {
    const others = arrive('b', 50)
    const many = arrive('a', 150)
    expect(many.map(({ isOpen }) => isOpen)).toEqual(many.map((_, index) => index >= 50))
    expect(open(others)).toBe(50)
  })

  it('from everywhere make room for the newest', () => {
    const all = Array.from({ length: 60 }, (_, number) => arrive(`a${number}`, 10)).flat()
    expect(open(all)).toBe(500)
    expect(all.at(0)?.isOpen).toBe(false)
    expect(all.at(-1)?.isOpen).toBe(true)
  })

  it('that have gone leave their place', () => {
    const gone = arrive('a', 100)
    for (const connection of gone) strangers.forget(connection)
    const next = arrive('a', 100)
    expect(open([...gone, ...next])).toBe(200)
  })
})

it('waits for responses under way until they close, also where one fails', async () => {
  const response = new EventEmitter().on('error', () => {})
  const connections = new Connections(new VirtualClock())
  connections.track(response as HttpResponse)
  let isFinished = false
  const finished = connections.finish().then(() => {
    isFinished = true
  })
  response.emit('error', new Error('gone'))
  await new Promise(setImmediate)
  expect(isFinished).toBe(false)
  response.emit('close')
  await finished
})

describe('a connection to the server', () => {
  let clock: VirtualClock
  let server: TestApiServer
  const sessions: ClientHttp2Session[] = []
  beforeEach(async () => {
    clock = new VirtualClock(Date.now())
    server = await startTestApiServer({ clock })
  })
  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy()
    await server.close()
  })

  const dial = async (tls: object = {}) => {
    const session = connect(server.url, { ca: server.ca, ...tls }).on('error', () => {})
    sessions.push(session)
    await Promise.all([once(session, 'connect'), once(session, 'remoteSettings')])
    return session
  }
  const admin = async () => dial(await server.clientCertificate('admin', ['system:masters']))
  const isClosed = (session: ClientHttp2Session) => vi.waitFor(() => expect(session.closed).toBe(true))

  it('is closed when nothing is asked on it for 90 s', async () => {
    const session = await admin()
    await clock.advance(60_000)
    await once(session.request({ ':path': '/version' }).resume(), 'close')
    await clock.advance(60_000)
    expect(session.closed).toBe(false)
    await clock.advance(60_000)
    await isClosed(session)
  })

  it('is kept while a watch is open on it, however quiet', async () => {
    const session = await admin()
    const watch = session.request({ ':path': '/api/v1/pods?watch=true' }).resume()
    await once(watch, 'response')
    await clock.advance(1_000_000)
    const request = session.request({ ':path': '/version' }).resume()
    const [headers] = await once(request, 'response')
    expect(headers[':status']).toBe(200)
    watch.close()
  })

  it('does not last without a certificate, whatever is under way on it', async () => {
    const session = await dial()
    const request = session
      .request({ ':path': '/kubette/v1/join', ':method': 'POST' }, { endStream: false })
      .on('error', () => {})
    request.write('{')
    await clock.advance(30_000)
    await isClosed(session)
  })
})
