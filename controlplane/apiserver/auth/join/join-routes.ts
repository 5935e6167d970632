import { ApiError } from '../../../../shared/api/api-error.ts'
import { nodeNameOf } from '../../../../shared/pki/node-identity.ts'
import { JOIN_PATH, type JoinResponse, RENEW_PATH } from '../../../../shared/protocol/join.ts'
import { credentialsOf } from '../../credentials.ts'
import { type HttpRequest, type HttpResponse, headerOf } from '../../http/http-request.ts'
import type { ExtraRoute } from '../../server-options.ts'
import { certificateKeyFingerprint } from '../certificate-authenticator.ts'
import type { Authenticator } from '../identity.ts'
import { JoinService, type JoinServiceOptions, type ProvenNode } from './join-service.ts'
import { readSmallJson } from './small-json.ts'

export interface JoinRoutesOptions extends JoinServiceOptions {
  authenticator: Authenticator
}

/** `POST /kubette/v1/join` for machines with a token, `POST /kubette/v1/renew` for nodes with a certificate. */
export function createJoinRoutes(options: JoinRoutesOptions): ExtraRoute[] {
  const { authenticator, clock } = options
  const service = new JoinService(options)
  return [
    {
      method: 'POST',
      path: JOIN_PATH,
      async handle(request, response) {
        const caller = request.socket?.remoteAddress ?? ''
        // Who has no token is not listened to any longer.
        const admission = await service.admit(caller, headerOf(request, 'authorization'))
        answer(response, await service.join(admission, await readSmallJson(request, clock)))
      },
    },
    {
      method: 'POST',
      path: RENEW_PATH,
      async handle(request, response) {
        const node = await provenNode(authenticator, request)
        answer(response, await service.renew(node, await readSmallJson(request, clock)))
      },
    },
  ]
}

/** The node whose certificate the connection has proved. @throws ApiError 401, or 403 for anybody who is no node */
async function provenNode(authenticator: Authenticator, request: HttpRequest): Promise<ProvenNode> {
  const credentials = credentialsOf(request)
  const identity = await authenticator.authenticate(credentials)
  if (!identity || !credentials.certificate) throw new ApiError('Unauthorized', 'Unauthorized')
  const nodeName = nodeNameOf(identity)
  if (nodeName === undefined) throw new ApiError('Forbidden', 'only nodes renew their certificates here')
  return { nodeName, keyFingerprint: certificateKeyFingerprint(credentials.certificate) }
}

function answer(response: HttpResponse, value: JoinResponse): void {
  response.statusCode = 200
  response.setHeader('content-type', 'application/json')
  response.setHeader('cache-control', 'no-store')
  response.end(JSON.stringify(value))
}
