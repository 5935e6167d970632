import type { RawData, WebSocket } from 'ws'
import type { Clock } from '../clock.ts'
import type { MessageSocket } from './message-socket.ts'

/** How long a peer has to answer a close before the connection is torn down. */
const CLOSE_TIMEOUT_MS = 2000

/** An open `ws` WebSocket as a MessageSocket. Its creator must set `maxPayload` to MAX_MESSAGE_BYTES. */
export function messageSocketOf(ws: WebSocket, clock: Clock): MessageSocket {
  // Without a listener an 'error' would end the process; a 'close' always follows and says enough.
  ws.on('error', () => {})
  return {
    send: (message) => ws.send(message, () => {}),
    get bufferedBytes() {
      return ws.bufferedAmount
    },
    close: (code, reason) => {
      ws.close(code, reason)
      const timer = clock.after(CLOSE_TIMEOUT_MS, () => ws.terminate())
      ws.once('close', () => timer.cancel())
    },
    onMessage: (listener) => {
      ws.on('message', (data, isBinary) => listener(isBinary ? bytesOf(data) : bytesOf(data).toString('utf8')))
    },
    onClose: (listener) => {
      ws.once('close', (code, reason) => listener(code, reason.toString('utf8')))
    },
  }
}

/** A message as one piece of memory. */
export function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
