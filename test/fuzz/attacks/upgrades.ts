import { setTimeout as wait } from 'node:timers/promises'
import { connect } from 'node:tls'
import type { Target } from '../target.ts'

const PATHS = ['/kubette/v1/agent', '/api/v1/namespaces/default/pods/x/exec?command=sh', '/', '//[', '/%ff', '*']

/** Upgrades to what there is not, with much in the head and behind it. */
export async function oversizedUpgrades({ port, ca, tls }: Target): Promise<void> {
  const sockets = Array.from({ length: 200 }, (_, index) => {
    const socket = connect({ port, host: '127.0.0.1', ca, ...tls, ALPNProtocols: ['http/1.1'] }).on('error', () => {})
    const upgrade = index % 2 === 0 ? 'websocket' : 'SPDY/3.1'
    const key = index % 3 === 0 ? 'x'.repeat(9000) : 'dGhlIHNhbXBsZSBub25jZQ=='
    const head = `GET ${PATHS[index % PATHS.length]} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n`
    socket.write(`${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`)
    socket.write(Buffer.alloc(500_000, 0xff))
    return socket.resume()
  })
  await wait(2000)
  for (const socket of sockets) socket.destroy()
}
