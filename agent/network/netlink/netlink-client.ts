import { type DatagramSocket, SocketFailure } from '../../runtime/socket-relay.ts'
import { errorOf, NetlinkError } from './netlink-error.ts'
import {
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  type ReceivedMessage,
} from './netlink-message.ts'

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NFNL_MSG_BATCH_BEGIN = 0x10
const NFNL_MSG_BATCH_END = 0x11
/** What is listed may change meanwhile, and the list is then asked for again; this often. */
const DUMP_TRIES = 5

/** A message to send; `flags` beside those that the call itself needs. `about`: what it makes, for who reads that it is refused. */
export type NetlinkRequest = Omit<NetlinkMessage, 'flags'> & { flags?: number; about?: string }

/** A request on its way: takes messages until `isAnswered`, or is refused. */
interface Exchange {
  first: number
  last: number
  take(message: ReceivedMessage): void
  refuse(error: unknown): void
}

/**
 * Talks with one family of the kernel over a socket of its own: one request at a time, in the order of the calls.
 * All reject with a NetlinkError where the kernel refuses, and with a SocketFailure (`ENOTCONN`) when the socket is closed.
 */
export class NetlinkClient {
  readonly #socket: DatagramSocket
  #sequence = 0
  #exchange: Exchange | undefined
  #previous: Promise<unknown> = Promise.resolve()
  #notified: (message: ReceivedMessage) => void = () => {}
  #lost: () => void = () => {}

  constructor(socket: DatagramSocket) {
    this.#socket = socket
    socket.onMessage((datagram) => this.#receive(datagram))
    socket.onFailure(({ code }) => this.#fail(new NetlinkError(code)))
    void socket.closed.then(() => this.#fail(closedFailure()))
  }

  /**
   * What comes unasked, to the groups that the socket is a member of; `lost` when some of it was lost. For a client that
   * asks for nothing: a notification of what a request has done looks like an answer to it.
   */
  onNotification(listener: (message: ReceivedMessage) => void, lost: () => void): void {
    this.#notified = listener
    this.#lost = lost
  }

  /** Resolves, with what came in answer, when the kernel has done it. */
  request(message: NetlinkRequest): Promise<ReceivedMessage[]> {
    return this.#inOrder(() => this.#ask(message, NLM_F_ACK, (answer) => answer.type === NLMSG_ERROR))
  }

  /** All that the kernel lists in answer. */
  dump(message: NetlinkRequest): Promise<ReceivedMessage[]> {
    return this.#inOrder(async () => {
      for (let tries = 0; tries < DUMP_TRIES; tries++) {
        const listed = await this.#ask(message, NLM_F_DUMP, ({ type }) => type === NLMSG_DONE || type === NLMSG_ERROR)
        if (listed.every(({ flags }) => (flags & NLM_F_DUMP_INTR) === 0)) return listed
      }
      throw new NetlinkError('EINTR', 'what was to be listed changed again and again')
    })
  }

  /**
   * A transaction of a netfilter subsystem: all of it happens, or nothing. The error is the first that the kernel tells
   * of, with the index of its message.
   */
  async batch(subsystem: number, messages: readonly NetlinkRequest[]): Promise<void> {
    if (messages.length === 0) return
    await this.#inOrder(() => {
      const first = this.#sequence + 1
      const last = first + messages.length + 1
      this.#sequence = last
      const encoded = messages.map(({ type, flags = 0, payload }, index) => {
        // An acknowledgement of each would overflow the socket before it is read. Errors come unasked.
        const ack = index === messages.length - 1 ? NLM_F_ACK : 0
        return encodeMessage({ type, flags: flags | NLM_F_REQUEST | ack, payload }, first + 1 + index)
      })
      const frame = (type: number, sequence: number) => {
        return encodeMessage({ type, flags: NLM_F_REQUEST, payload: subsystemHeader(subsystem) }, sequence)
      }
      const begin = frame(NFNL_MSG_BATCH_BEGIN, first)
      const datagram = Buffer.concat([begin, ...encoded, frame(NFNL_MSG_BATCH_END, last)])
      return this.#exchangeOf<void>(datagram, { first, last }, (answer, done) => {
        const index = answer.sequence - first - 1
        const isAboutOne = index >= 0 && index < messages.length
        const error = isAboutOne ? errorOf(answer, index, messages[index]?.about) : errorOf(answer)
        if (error) throw error
        if (index === messages.length - 1) done()
      })
    })
  }

  close(): void {
    this.#socket.close()
  }

  #ask(
    { type, flags = 0, payload }: NetlinkRequest,
    kind: number,
    isLast: (message: ReceivedMessage) => boolean,
  ): Promise<ReceivedMessage[]> {
    const sequence = ++this.#sequence
    const datagram = encodeMessage({ type, flags: flags | kind | NLM_F_REQUEST, payload }, sequence)
    const answers: ReceivedMessage[] = []
    return this.#exchangeOf(datagram, { first: sequence, last: sequence }, (answer, done) => {
      if (!isLast(answer)) return answers.push(answer)
      const error = errorOf(answer)
      if (error) throw error
      done(answers)
    })
  }

  /** Sends, and gives what comes in answer to `take`, until that is done or throws. */
  #exchangeOf<T>(
    datagram: Buffer,
    sequences: { first: number; last: number },
    take: (answer: ReceivedMessage, done: (result: T) => void) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const end = () => {
        this.#exchange = undefined
      }
      const refuse = (error: unknown) => {
        end()
        reject(error)
      }
      const done = (result: T) => {
        end()
        resolve(result)
      }
      this.#exchange = { ...sequences, take: (answer) => take(answer, done), refuse }
      this.#socket.send(datagram).catch(refuse)
    })
  }

  #inOrder<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#previous.then(run)
    this.#previous = result.catch(() => {})
    return result
  }

  #receive(datagram: Buffer): void {
    try {
      for (const message of decodeMessages(datagram)) this.#sort(message)
    } catch (error) {
      this.#exchange?.refuse(error)
    }
  }

  /** What is left of an answer that was given up is nobody's. */
  #sort(message: ReceivedMessage): void {
    const exchange = this.#exchange
    if (exchange && message.sequence >= exchange.first && message.sequence <= exchange.last) exchange.take(message)
    else if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) this.#notified(message)
  }

  #fail(error: Error): void {
    if (this.#exchange) this.#exchange.refuse(error)
    else this.#lost()
  }
}

function closedFailure(): SocketFailure {
  return new SocketFailure('ENOTCONN', 'the netlink socket was closed')
}

/** `struct nfgenmsg`: no family, version 0, and the subsystem in network byte order. */
function subsystemHeader(subsystem: number): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt16BE(subsystem, 2)
  return header
}
