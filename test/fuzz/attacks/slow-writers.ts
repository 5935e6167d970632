import { connect as connectPlain, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { connect } from 'node:tls'
import type { Target } from '../target.ts'

const CONNECTIONS = 300
const LASTS_MS = 4000
const BYTE_EVERY_MS = 50

/** Slowloris: heads of requests that never end. */
export async function slowHeads(target: Target): Promise<void> {
  await drip(target, Buffer.from('GET /api/v1/pods HTTP/1.1\r\nHost: x\r\nX-Long: '))
}

/** Bodies that were announced and come byte by byte. */
export async function slowBodies(target: Target): Promise<void> {
  const head = 'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
  await drip(target, Buffer.from(`${head}Content-Length: 1000000\r\n\r\n`))
}

/** Connections without TLS, with half a handshake, or that say nothing any more. */
export async function halfOpenSockets({ port }: Target): Promise<void> {
  const greetings = [Buffer.alloc(0), Buffer.from([0x16, 3, 1, 2, 0, 1]), Buffer.from('GET / HTTP/1.1\r\n\r\n')]
  const sockets = Array.from({ length: CONNECTIONS }, (_, index) => {
    const socket = connectPlain({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
    socket.write(greetings[index % greetings.length] ?? '')
    if (index % 2 === 0) socket.end()
    return socket
  })
  await wait(LASTS_MS)
  for (const socket of sockets) socket.destroy()
}

async function drip({ port, ca, tls }: Target, beginning: Buffer): Promise<void> {
  const sockets: Socket[] = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect({ port, host: '127.0.0.1', ca, ...tls, ALPNProtocols: ['http/1.1'] })
    socket.on('error', () => {})
    socket.write(beginning)
    return socket
  })
  for (let at = 0; at < LASTS_MS; at += BYTE_EVERY_MS) {
    await wait(BYTE_EVERY_MS)
    for (const socket of sockets) if (socket.writable) socket.write('x')
  }
  for (const socket of sockets) socket.destroy()
}
