import { decodeMessages, encodeMessage, NLM_F_ACK, NLM_F_DUMP } from '../../agent/network/netlink/netlink-message.ts'
import {
  type DatagramSocket,
  type SocketAddress,
  SocketFailure,
  type SocketRelay,
  type StreamListener,
} from '../../agent/runtime/socket-relay.ts'

const NLMSG_ERROR = 2
const NLMSG_DONE = 3

/** Sockets in a network where nobody else is. Its kernel does whatever netlink asks for, and lists nothing. */
export class FakeSocketRelay implements SocketRelay {
  readonly closed: Promise<void>
  readonly #sockets = new Set<FakeSocket>()
  #end: () => void = () => {}
  #isClosed = false

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  netlink(): Promise<DatagramSocket> {
    return this.#open(new FakeSocket(answerNetlink))
  }

  udp(_address: string, _port: number): Promise<DatagramSocket> {
    return this.#open(new FakeSocket(() => undefined))
  }

  tcp(_address: string, _port: number): Promise<StreamListener> {
    return this.#open(new FakeSocket(() => undefined))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const socket of this.#sockets) socket.close()
    this.#end()
  }

  async #open(socket: FakeSocket): Promise<FakeSocket> {
    await Promise.resolve()
    if (this.#isClosed) throw new SocketFailure('ENOTCONN', 'the socket relay is closed')
    this.#sockets.add(socket)
    void socket.closed.then(() => this.#sockets.delete(socket))
    return socket
  }
}

class FakeSocket implements DatagramSocket, StreamListener {
  readonly closed: Promise<void>
  readonly #answer: (data: Buffer) => Buffer | undefined
  #listener: (data: Buffer, from: SocketAddress | undefined) => void = () => {}
  #end: () => void = () => {}
  #isClosed = false

  constructor(answer: (data: Buffer) => Buffer | undefined) {
    this.#answer = answer
    this.closed = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  async send(data: Uint8Array): Promise<void> {
    if (this.#isClosed) throw new SocketFailure('ENOTCONN', 'the socket is closed')
    await Promise.resolve()
    const answer = this.#answer(Buffer.from(data))
    if (answer && !this.#isClosed) this.#listener(answer, undefined)
  }

  onMessage(listener: (data: Buffer, from: SocketAddress | undefined) => void): void {
    this.#listener = listener
  }

  onFailure(): void {}

  onConnection(): void {}

  close(): void {
    this.#isClosed = true
    this.#end()
  }
}

function answerNetlink(datagram: Buffer): Buffer | undefined {
  const success = Buffer.alloc(20)
  const answers = decodeMessages(datagram).flatMap(({ flags, sequence }) => {
    const isDump = (flags & NLM_F_DUMP) === NLM_F_DUMP && (flags & NLM_F_ACK) === 0
    const type = isDump ? NLMSG_DONE : NLMSG_ERROR
    return isDump || flags & NLM_F_ACK ? [encodeMessage({ type, flags: 0, payload: success }, sequence)] : []
  })
  return answers.length > 0 ? Buffer.concat(answers) : undefined
}
