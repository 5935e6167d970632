import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** An HTTP/1.1 connection whose client asks for another protocol, before it is answered. */
export interface UpgradeConnection {
  readonly request: IncomingMessage
  readonly socket: Duplex
  /** What the client has sent beyond its request. */
  readonly head: Buffer
}

/** Whether the client asks for this protocol, such as `websocket`. */
export function wantsUpgradeTo({ request }: UpgradeConnection, protocol: string): boolean {
  return listOf(request.headers.upgrade).some((name) => name.toLowerCase() === protocol.toLowerCase())
}

/** The values of a header that holds a list. */
export function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
