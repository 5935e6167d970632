import type { IncomingMessage } from 'node:http'
import type { SecureContextOptions } from 'node:tls'
import { WebSocket } from 'ws'
import type { Clock } from '../../shared/clock.ts'
import { MAX_MESSAGE_BYTES } from '../../shared/protocol/frames.ts'
import { AGENT_PATH } from '../../shared/protocol/join.ts'
import { messageSocketOf } from '../../shared/protocol/web-socket.ts'
import type { Dial } from './control-link.ts'
import { pinnedTls } from './control-plane-request.ts'
import type { NodeCredentials } from './node-credentials.ts'

const HANDSHAKE_TIMEOUT_MS = 10_000
const MAX_REFUSAL_BYTES = 4096

/** Dials the control plane's WebSocket with the credentials that hold at that time. */
export function createDial(serverUrl: string, credentials: () => NodeCredentials, clock: Clock): Dial {
  const url = new URL(AGENT_PATH, serverUrl)
  url.protocol = 'wss:'
  return (signal) =>
    new Promise((resolve, reject) => {
      const { ca, certificate, key } = credentials()
      // Declared without checkServerIdentity, for which ws has another type than the TLS module that it hands it to.
      const tls: SecureContextOptions = pinnedTls(ca, { certificate, key })
      const socket = new WebSocket(url, {
        ...tls,
        maxPayload: MAX_MESSAGE_BYTES,
        perMessageDeflate: false,
        generateMask: noMask,
      })
      const giveUp = () => socket.terminate()
      const timer = clock.after(HANDSHAKE_TIMEOUT_MS, giveUp)
      const settle = (run: () => void) => {
        timer.cancel()
        signal.removeEventListener('abort', giveUp)
        run()
      }
      signal.addEventListener('abort', giveUp, { once: true })
      let localAddress: string | undefined
      socket.once('upgrade', (response) => {
        localAddress = response.socket.localAddress
      })
      const opened = () => Object.assign(messageSocketOf(socket, clock), { localAddress })
      socket.once('open', () => settle(() => resolve(opened())))
      socket.once('error', (error) => settle(() => reject(error)))
      socket.once('unexpected-response', (request, response) => {
        void refusal(response).then((error) => {
          settle(() => reject(error))
          request.destroy()
        })
      })
    })
}

/**
 * Masks are there so that no web page can make a proxy take its data for a request. Here is no page, and nobody between
 * the ends of TLS; and to mask what a stream carries would cost more than all else on its way.
 */
function noMask(mask: Buffer): void {
  mask.fill(0)
}

/** Why the control plane does not take the connection, as far as it says so. */
async function refusal(response: IncomingMessage): Promise<Error> {
  let text = ''
  try {
    for await (const chunk of response) {
      text += chunk
      if (text.length > MAX_REFUSAL_BYTES) break
    }
    const { message } = JSON.parse(text) as { message?: unknown }
    if (typeof message === 'string') return new Error(message)
  } catch {
    // The code alone must do.
  }
  return new Error(`the control plane answered ${response.statusCode}`)
}
