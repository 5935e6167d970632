/**
 * Sockets in the network namespace of a container that runs our own sandbox program, used from here. The kernel sees
 * them as that program's, so nothing of the machine's is needed. One relay for each container: who opens another one
 * ends the one before.
 */
export interface SocketRelay {
  /** A netlink socket of a protocol (`NETLINK_ROUTE` is 0), as a member of these multicast groups. */
  netlink(protocol: number, groups?: readonly number[]): Promise<DatagramSocket>
  /** A UDP socket, bound to an IPv4 or IPv6 address and a port. */
  udp(address: string, port: number): Promise<DatagramSocket>
  /** Listens for TCP connections, of which only so many can be open at once: others are closed as they come. */
  tcp(address: string, port: number): Promise<StreamListener>
  /** Resolves when the relay has ended, whoever did it; its sockets are closed then. */
  readonly closed: Promise<void>
  close(): void
}

export interface DatagramSocket {
  /** Resolves when there is room for more; rejects when the socket is closed. What the kernel makes of it is told to `onFailure`. */
  send(data: Uint8Array, to?: SocketAddress): Promise<void>
  /** For one listener: what comes before there is one is dropped. `from` is undefined for netlink. */
  onMessage(listener: (data: Buffer, from: SocketAddress | undefined) => void): void
  /** For one listener: something could not be sent, or was lost before it was read (`ENOBUFS`). The socket goes on. */
  onFailure(listener: (failure: SocketFailure) => void): void
  /** Resolves when the socket is closed, by either side or with its relay. */
  readonly closed: Promise<void>
  close(): void
}

export interface StreamListener {
  /** For one listener: what comes before there is one is closed. */
  onConnection(listener: (connection: RelayedConnection) => void): void
  readonly closed: Promise<void>
  /** Ends the listening, not the connections. */
  close(): void
}

/** A TCP connection that somebody made to a StreamListener. */
export interface RelayedConnection {
  readonly from: SocketAddress
  /** Ends with what the other side sends, or when the connection is closed. For one reader, who must keep up: with 1 MiB unread it is closed. */
  readonly input: AsyncIterable<Buffer>
  /** Resolves when there is room for more. A peer that does not take what it asked for loses its connection: nobody waits for it. */
  write(data: Uint8Array): Promise<void>
  readonly closed: Promise<void>
  close(): void
}

/** An IP address in its usual text form. */
export interface SocketAddress {
  address: string
  port: number
}

/** An error of the kernel. */
export class SocketFailure extends Error {
  /** Such as `EADDRINUSE`. */
  readonly code: string

  constructor(code: string, doing: string) {
    super(`${doing}: ${code}`)
    this.name = 'SocketFailure'
    this.code = code
  }
}
