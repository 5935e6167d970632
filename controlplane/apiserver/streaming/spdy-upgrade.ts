import type { Duplex } from 'node:stream'
import type { UpgradeConnection } from '../http/upgrade-connection.ts'

export const SPDY = 'SPDY/3.1'
/** Where clients say what they mean to speak over SPDY, and servers what it will be. */
export const STREAM_PROTOCOL_HEADER = 'X-Stream-Protocol-Version'

/** Answers that SPDY follows; resolves to what it follows on. */
export function acceptSpdy({ socket, head }: UpgradeConnection, protocol: string): Duplex {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    `Upgrade: ${SPDY}`,
    `${STREAM_PROTOCOL_HEADER}: ${protocol}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (head.length > 0) socket.unshift(head)
  return socket
}
