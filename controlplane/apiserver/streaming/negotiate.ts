import type { Duplex } from 'node:stream'
import { ApiError } from '../../../shared/api/api-error.ts'
import type { Clock } from '../../../shared/clock.ts'
import { listOf, type UpgradeConnection, wantsUpgradeTo } from '../http/upgrade-connection.ts'
import type { CommandClient, CommandStreams } from './command-client.ts'
import { acceptSpdyCommand, SPDY_COMMAND_PROTOCOL } from './spdy-command.ts'
import { acceptSpdy, SPDY, STREAM_PROTOCOL_HEADER } from './spdy-upgrade.ts'
import { COMMAND_PROTOCOLS, WebSocketCommand } from './web-socket-command.ts'
import { acceptTunnel, acceptWebSocket } from './web-socket-upgrade.ts'

/** Answers the upgrade; rejects where the client goes meanwhile. */
export type Accept<T> = () => Promise<T>

const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io'
const PORT_FORWARD_TUNNEL = `${SPDY}+${PORT_FORWARD_PROTOCOL}`

/** What the client of an `exec` or `attach` speaks. Nothing is answered yet. @throws ApiError where it is nothing that is known here */
export function negotiateCommand(
  connection: UpgradeConnection,
  streams: CommandStreams,
  clock: Clock,
): Accept<CommandClient> {
  if (wantsUpgradeTo(connection, 'websocket')) {
    const protocol = chosen(COMMAND_PROTOCOLS, connection, 'sec-websocket-protocol')
    return async () => new WebSocketCommand(await acceptWebSocket(connection, protocol), clock, streams)
  }
  checkSpdy(connection)
  const protocol = chosen([SPDY_COMMAND_PROTOCOL], connection, STREAM_PROTOCOL_HEADER)
  return () => acceptSpdyCommand(acceptSpdy(connection, protocol), clock, streams)
}

/** The same for a `portforward`: SPDY in any case, within a WebSocket or not. */
export function negotiatePortForward(connection: UpgradeConnection): Accept<Duplex> {
  if (wantsUpgradeTo(connection, 'websocket')) {
    const protocol = chosen([PORT_FORWARD_TUNNEL], connection, 'sec-websocket-protocol')
    return () => acceptTunnel(connection, protocol)
  }
  checkSpdy(connection)
  const protocol = chosen([PORT_FORWARD_PROTOCOL], connection, STREAM_PROTOCOL_HEADER)
  return async () => acceptSpdy(connection, protocol)
}

export function upgradeRequired(): ApiError {
  return ApiError.badRequest('Upgrade request required')
}

function checkSpdy(connection: UpgradeConnection): void {
  if (!wantsUpgradeTo(connection, SPDY)) throw upgradeRequired()
}

function chosen(known: readonly string[], { request }: UpgradeConnection, header: string): string {
  const offered = listOf(request.headers[header.toLowerCase()])
  const choice = known.find((protocol) => offered.includes(protocol))
  if (choice !== undefined) return choice
  const sides = `client supports [${offered.join(' ')}], server accepts [${known.join(' ')}]`
  throw new ApiError('Forbidden', `unable to negotiate protocol: ${sides}`)
}
