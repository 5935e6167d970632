import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect as connectPlain } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { connect } from 'node:tls'
import { openSession, type Target } from '../target.ts'

const CONNECTIONS = 400
/** What the server keeps of one address without a certificate, and what it has not noticed yet. */
const MOST_KEPT = 120

/** Connections without a certificate that do nothing, or ask now and then and are refused. */
export async function idleStrangers({ port, url, ca }: Target): Promise<void> {
  const sessions = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect({ port, host: '127.0.0.1', ca, ALPNProtocols: ['h2'] }).on('error', () => {})
    return connectHttp2(url, { createConnection: () => socket }).on('error', () => {})
  })
  for (let round = 0; round < 4; round++) {
    await wait(1000)
    for (const session of sessions.slice(round * 50, round * 50 + 50))
      if (!session.destroyed)
        session
          .request({ ':path': '/version' })
          .on('error', () => {})
          .resume()
  }
  const kept = sessions.filter((session) => !session.closed && !session.destroyed && !session.connecting).length
  for (const session of sessions) session.destroy()
  if (kept > MOST_KEPT) throw new Error(`${kept} connections without a certificate were kept`)
}

/** Connections of one who is known, and plain ones that never begin their handshake: others must still get in. */
export async function idleConnections(target: Target): Promise<void> {
  const plain = Array.from({ length: 2500 }, () =>
    connectPlain(target.port, '127.0.0.1')
      .on('error', () => {})
      .resume(),
  )
  const known = Array.from({ length: CONNECTIONS }, () => openSession(target).session)
  await Promise.all(known.map((session) => Promise.race([once(session, 'connect'), wait(10_000)])))
  for (const session of known) session.destroy()
  for (const socket of plain) socket.destroy()
}
