import { InputQueue } from '../../../../shared/protocol/input-queue.ts'
import {
  type DatagramSocket,
  type RelayedConnection,
  type SocketAddress,
  SocketFailure,
  type StreamListener,
} from '../../socket-relay.ts'
import { MOST_RECEIVED_BYTES } from '../programs/socket-protocol.ts'

const MOST_UNREAD_BYTES = 1024 * 1024

/** What a socket needs of its relay. */
export interface SocketLink {
  send(data: Uint8Array, to?: SocketAddress): Promise<void>
  /** Closes it there. */
  close(): void
}

/** A socket as its relay sees it. */
export abstract class RelayedSocket {
  readonly closed: Promise<void>
  protected readonly link: SocketLink
  #close: () => void = () => {}
  #isClosed = false

  constructor(link: SocketLink) {
    this.link = link
    this.closed = new Promise((resolve) => {
      this.#close = resolve
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  abstract received(data: Buffer, from: SocketAddress | undefined): void
  abstract failed(failure: SocketFailure): void

  close(): void {
    if (this.#isClosed) return
    this.link.close()
    this.ended()
  }

  /** Its relay has none like it any more. */
  ended(): void {
    this.#isClosed = true
    this.#close()
  }

  protected async write(data: Uint8Array, to?: SocketAddress): Promise<void> {
    if (this.#isClosed) throw new SocketFailure('ENOTCONN', 'the socket is closed')
    await this.link.send(data, to)
  }
}

export class RelayedDatagrams extends RelayedSocket implements DatagramSocket {
  #message: (data: Buffer, from: SocketAddress | undefined) => void = () => {}
  #failure: (failure: SocketFailure) => void = () => {}

  send(data: Uint8Array, to?: SocketAddress): Promise<void> {
    return this.write(data, to)
  }

  onMessage(listener: (data: Buffer, from: SocketAddress | undefined) => void): void {
    this.#message = listener
  }

  onFailure(listener: (failure: SocketFailure) => void): void {
    this.#failure = listener
  }

  received(data: Buffer, from: SocketAddress | undefined): void {
    if (data.length === MOST_RECEIVED_BYTES) this.failed(new SocketFailure('EMSGSIZE', 'receiving'))
    else this.#message(data, from)
  }

  failed(failure: SocketFailure): void {
    this.#failure(failure)
  }
}

export class RelayedListener extends RelayedSocket implements StreamListener {
  #connection: (connection: RelayedConnection) => void = (connection) => connection.close()

  onConnection(listener: (connection: RelayedConnection) => void): void {
    this.#connection = listener
  }

  accepted(connection: RelayedConnection): void {
    this.#connection(connection)
  }

  received(): void {}

  failed(): void {}
}

export class RelayedStream extends RelayedSocket implements RelayedConnection {
  readonly from: SocketAddress
  readonly input: InputQueue<Buffer>
  #unreadBytes = 0

  constructor(link: SocketLink, from: SocketAddress) {
    super(link)
    this.from = from
    const taken = (data: Buffer) => {
      this.#unreadBytes -= data.length
    }
    this.input = new InputQueue({ taken, left: () => {} })
  }

  override write(data: Uint8Array): Promise<void> {
    return super.write(data)
  }

  received(data: Buffer): void {
    this.#unreadBytes += data.length
    if (data.length === 0) this.input.finish()
    else if (this.#unreadBytes > MOST_UNREAD_BYTES) this.close()
    else this.input.push(data)
  }

  failed(): void {
    this.close()
  }

  override ended(): void {
    super.ended()
    this.input.finish()
  }
}
