import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'
import type { UpgradeConnection } from '../http/upgrade-connection.ts'

/** Of one message. Clients send a few ten thousand at once; some send a whole file's worth. */
const MOST_MESSAGE_BYTES = 4 * 1024 * 1024

const OPTIONS = { noServer: true, clientTracking: false, maxPayload: MOST_MESSAGE_BYTES, perMessageDeflate: false }

/** Answers with the handshake; the client must have offered `protocol`. */
export function acceptWebSocket(connection: UpgradeConnection, protocol: string): Promise<WebSocket> {
  return handshake(new WebSocketServer({ ...OPTIONS, handleProtocols: () => protocol }), connection)
}

/**
 * The same for a WebSocket that carries another protocol's bytes, as a stream of them. `ws` takes no name of a
 * protocol that has a slash in it, as this one's has: it neither sees it in the request nor puts it into the answer.
 */
export async function acceptTunnel(connection: UpgradeConnection, protocol: string): Promise<Duplex> {
  const server = new WebSocketServer(OPTIONS)
  delete connection.request.headers['sec-websocket-protocol']
  server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`))
  return createWebSocketStream(await handshake(server, connection))
}

/** A handshake that fails is answered by `ws`; the connection ends, and this rejects. */
function handshake(server: WebSocketServer, { request, socket, head }: UpgradeConnection): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    socket.once('close', () => reject(new Error('the client has gone')))
    server.handleUpgrade(request, socket, head, resolve)
  })
}
