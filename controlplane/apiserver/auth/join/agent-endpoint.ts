import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { ApiError } from '../../../../shared/api/api-error.ts'
import type { Clock } from '../../../../shared/clock.ts'
import type { Logger } from '../../../../shared/log.ts'
import { nodeNameOf } from '../../../../shared/pki/node-identity.ts'
import { MAX_MESSAGE_BYTES } from '../../../../shared/protocol/frames.ts'
import { AGENT_PATH } from '../../../../shared/protocol/join.ts'
import type { MessageSocket } from '../../../../shared/protocol/message-socket.ts'
import { messageSocketOf } from '../../../../shared/protocol/web-socket.ts'
import { credentialsOf } from '../../credentials.ts'
import type { UpgradeHandler } from '../../server-options.ts'
import { certificateKeyFingerprint } from '../certificate-authenticator.ts'

export interface AgentEndpointOptions {
  clock: Clock
  log: Logger
  /** Takes over the socket of a node that has proved to hold this key; whether the Node is that key's it has to see. */
  accept: (socket: MessageSocket, nodeName: string, keyFingerprint: string) => void
}

/** `GET /kubette/v1/agent`: where nodes, known by their certificates, open their WebSockets. */
export function createAgentEndpoint({ clock, log, accept }: AgentEndpointOptions): UpgradeHandler {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  })
  return {
    path: AGENT_PATH,
    handle(request, socket, head, identity) {
      const nodeName = nodeNameOf(identity)
      const { certificate } = credentialsOf(request)
      if (request.headers.origin !== undefined) {
        // A browser: a page must not be able to use a certificate that its reader has.
        refuse(socket, new ApiError('Forbidden', 'browsers are not served here'))
      } else if (nodeName === undefined || !certificate) {
        log.warn({ user: identity.name }, 'agent connection refused: not a node')
        refuse(socket, new ApiError('Forbidden', 'only nodes connect here'))
      } else {
        const keyFingerprint = certificateKeyFingerprint(certificate)
        server.handleUpgrade(request, socket, head, (webSocket) => {
          accept(messageSocketOf(webSocket, clock), nodeName, keyFingerprint)
        })
      }
    },
  }
}

function refuse(socket: Duplex, error: ApiError): void {
  const body = JSON.stringify(error.toStatus())
  const length = Buffer.byteLength(body)
  const headers = ['Connection: close', 'Content-Type: application/json', `Content-Length: ${length}`]
  socket.end([`HTTP/1.1 ${error.code} ${error.reason}`, ...headers, '', body].join('\r\n'))
}
