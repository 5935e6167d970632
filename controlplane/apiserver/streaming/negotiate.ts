import type { Duplex } from 'node:stream'
import { ApiError } from '../../../shared/api/api-error.ts'
import type { Clock } from '../../../shared/clock.ts'
import { listOf, type UpgradeConnection, wantsUpgradeTo } from '../http/upgrade-connection.ts'
import { ChannelSocket } from './channel-socket.ts'
import type { CommandClient, CommandStreams } from './command-client.ts'
import type { PortForwardTarget } from './port-client.ts'
import { acceptSpdyCommand, SPDY_COMMAND_PROTOCOL } from './spdy-command.ts'
import { SpdyPortForward } from './spdy-port-forward.ts'
import { acceptSpdy, SPDY, STREAM_PROTOCOL_HEADER } from './spdy-upgrade.ts'
import { COMMAND_PROTOCOLS, WebSocketCommand } from './web-socket-command.ts'
import { forwardPorts, PORT_PROTOCOLS, parsePorts } from './web-socket-port-forward.ts'
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
    return async () => {
      const socket = await acceptWebSocket(connection, protocol)
      return new WebSocketCommand(new ChannelSocket(socket, clock), streams)
    }
  }
  checkSpdy(connection)
  const protocol = chosen([SPDY_COMMAND_PROTOCOL], connection, STREAM_PROTOCOL_HEADER)
  return () => acceptSpdyCommand(acceptSpdy(connection, protocol), clock, streams)
}

/** The same for a `portforward`: what is accepted serves `target` by itself. `ports` are those of the query. */
export function negotiatePortForward(
  connection: UpgradeConnection,
  ports: readonly string[],
  clock: Clock,
  target: PortForwardTarget,
): Accept<void> {
  const serveSpdy = (socket: Duplex) => void new SpdyPortForward(socket, clock, target)
  if (!wantsUpgradeTo(connection, 'websocket')) {
    checkSpdy(connection)
    const protocol = chosen([PORT_FORWARD_PROTOCOL], connection, STREAM_PROTOCOL_HEADER)
    return async () => serveSpdy(acceptSpdy(connection, protocol))
  }
  const protocol = portForwardProtocol(connection)
  if (protocol === PORT_FORWARD_TUNNEL) return async () => serveSpdy(await acceptTunnel(connection, protocol))
  const wanted = parsePorts(ports)
  return async () => forwardPorts(new ChannelSocket(await acceptWebSocket(connection, protocol), clock), wanted, target)
}

function portForwardProtocol(connection: UpgradeConnection): string {
  const known = [PORT_FORWARD_TUNNEL, ...PORT_PROTOCOLS]
  const offersNone = connection.request.headers['sec-websocket-protocol'] === undefined
  return offersNone ? PORT_PROTOCOLS[0] : chosen(known, connection, 'sec-websocket-protocol')
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
