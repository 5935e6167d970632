import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ApiError } from '../../shared/api/api-error.ts'
import type { Clock } from '../../shared/clock.ts'
import { checkAccess } from './access.ts'
import type { Identity, Verb } from './auth/identity.ts'
import { credentialsOf } from './credentials.ts'
import type { UpgradeConnection } from './http/upgrade-connection.ts'
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
  let serve: () => Promise<void>
  try {
    const identity = await options.authenticator.authenticate(credentialsOf(request))
    if (!identity) throw new ApiError('Unauthorized', 'Unauthorized')
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost')
    const handler = options.upgradeHandlers?.find(({ path }) => path === pathname)
    if (handler) return handler.handle(request, socket, head, identity)
    serve = await connect(options, identity, pathname, new Query(searchParams), { request, socket, head })
  } catch (error) {
    refusals.note(request, error)
    refuse(
      socket,
      error instanceof ApiError ? error : ApiError.badRequest('the upgrade cannot be served'),
      options.clock,
    )
    return
  }
  // Once it is answered there is nobody to tell but the log.
  await serve().catch((err: unknown) => options.log.debug({ err }, 'an upgraded connection ended early'))
}

/** @throws ApiError where it is not allowed, not there, or cannot be upgraded */
async function connect(
  options: ApiServerOptions,
  identity: Identity,
  path: string,
  query: Query,
  connection: UpgradeConnection,
): Promise<() => Promise<void>> {
  const api = parseApiPath(path)
  if (api.type !== 'resource') throw nothingToUpgradeTo()
  const { plural, ...where } = api.target
  const verb = verbOf(connection.request.method ?? 'GET', api.target, query)
  const allow = (verb: Verb) => checkAccess(options.authorizer, identity, { ...where, verb, resource: plural })
  await allow(verb ?? 'get')
  const route = routeOf(verb, api.target)
  if (!route.connect) throw nothingToUpgradeTo()
  // WebSockets can only be asked for with GET, which must not be a way around the right to `create`.
  if (verb === 'get') await allow('create')
  const gone = new AbortController()
  connection.socket.once('close', () => gone.abort(new ApiError('ServiceUnavailable', 'the client has gone')))
  return route.connect({ target: api.target, query, signal: gone.signal }, options, connection)
}

function nothingToUpgradeTo(): ApiError {
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
