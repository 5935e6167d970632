import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ApiError } from '../../shared/api/api-error.ts'
import type { Clock } from '../../shared/clock.ts'
import { checkAccess } from './access.ts'
import type { Identity } from './auth/identity.ts'
import { credentialsOf } from './credentials.ts'
import type { RefusalLog } from './refusal-log.ts'
import { Query } from './request/query.ts'
import { parseApiPath } from './request/resource-path.ts'
import { routeOf, verbOf } from './route.ts'
import type { ApiServerOptions } from './server-options.ts'

/** Serves a request to turn an HTTP/1.1 connection into something else; whatever is refused gets a Status. */
export async function serveUpgrade(
  options: ApiServerOptions,
  refusals: RefusalLog,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy())
  try {
    const identity = await options.authenticator.authenticate(credentialsOf(request))
    if (!identity) throw new ApiError('Unauthorized', 'Unauthorized')
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost')
    const handler = options.upgradeHandlers?.find(({ path }) => path === pathname)
    if (handler) return handler.handle(request, socket, head, identity)
    throw await refusalOf(options, identity, request.method ?? 'GET', pathname, new Query(searchParams))
  } catch (error) {
    refusals.note(request, error)
    refuse(
      socket,
      error instanceof ApiError ? error : ApiError.badRequest('the upgrade cannot be served'),
      options.clock,
    )
  }
}

/** Why nothing at this path can be upgraded: not allowed, not there, not there yet. */
async function refusalOf(
  { authorizer }: ApiServerOptions,
  identity: Identity,
  method: string,
  path: string,
  query: Query,
): Promise<ApiError> {
  const api = parseApiPath(path)
  if (api.type === 'resource') {
    const { plural, ...target } = api.target
    const verb = verbOf(method, api.target, query)
    await checkAccess(authorizer, identity, { ...target, verb: verb ?? 'get', resource: plural })
    routeOf(verb, api.target)
  }
  return ApiError.badRequest('there is nothing to upgrade to at this path')
}

/** How long who was refused may take to hang up. */
const PARTING_MS = 2_000

function refuse(socket: Duplex, error: ApiError, clock: Clock): void {
  const body = JSON.stringify(error.toStatus())
  const head = [
    `HTTP/1.1 ${error.code} ${error.reason}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // The end of who goes on sending is seen only behind what was sent; unread, it would keep the socket for ever.
  socket.resume()
  const parting = clock.after(PARTING_MS, () => socket.destroy())
  socket.once('close', () => parting.cancel())
}
