import { WebSocketServer } from 'ws'
import { ApiError } from '../../../../shared/api/api-error.ts'
import type { Clock } from '../../../../shared/clock.ts'
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
  /** Takes over the socket of a node that has proved to hold this key; whether the Node is that key's it has to see. */
  accept: (socket: MessageSocket, nodeName: string, keyFingerprint: string) => void
}

/** `GET /kubette/v1/agent`: where nodes, known by their certificates, open their WebSockets. */
export function createAgentEndpoint({ clock, accept }: AgentEndpointOptions): UpgradeHandler {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // Agents do not ping: they have heartbeats. Answers to who pings and does not read would pile up here.
    autoPong: false,
    maxPayload: MAX_MESSAGE_BYTES,
  })
  return {
    path: AGENT_PATH,
    handle(request, socket, head, identity) {
      const nodeName = nodeNameOf(identity)
      const { certificate } = credentialsOf(request)
      // A browser: a page must not be able to use a certificate that its reader has.
      if (request.headers.origin !== undefined) throw new ApiError('Forbidden', 'browsers are not served here')
      if (nodeName === undefined || !certificate) {
        throw new ApiError('Forbidden', `only nodes connect here, not ${JSON.stringify(identity.name)}`)
      }
      const keyFingerprint = certificateKeyFingerprint(certificate)
      server.handleUpgrade(request, socket, head, (webSocket) => {
        accept(messageSocketOf(webSocket, clock), nodeName, keyFingerprint)
      })
    },
  }
}
