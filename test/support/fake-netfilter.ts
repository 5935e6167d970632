import { be32, decodeAttributes, text, textOf } from '../../agent/network/netlink/netlink-attributes.ts'
import { decodeMessages, encodeMessage, type ReceivedMessage } from '../../agent/network/netlink/netlink-message.ts'
import type { DatagramSocket, SocketRelay } from '../../agent/runtime/socket-relay.ts'

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLM_F_ACK = 4
const NFTABLES = 10
const NEWTABLE = (NFTABLES << 8) | 0
const GETTABLE = (NFTABLES << 8) | 1
const DELTABLE = (NFTABLES << 8) | 2
const NEWCHAIN = (NFTABLES << 8) | 3
const CHAIN_TYPE = 7
const ENOENT = 2
const NEWGEN = (NFTABLES << 8) | 15
const GETGEN = (NFTABLES << 8) | 16
const BATCH_BEGIN = 0x10

/** A relay into a network namespace whose kernel takes every transaction, or none, and has no flows. */
export class FakeNetfilter {
  /** What each transaction was: the whole table, or a change. */
  readonly transactions: ('table' | 'change')[] = []
  /** By its name: the messages that made a table what it is. */
  readonly tables = new Map<string, ReceivedMessage[]>()
  /** Whoever changes something by another way changes this, too. */
  generation = 1
  /** Does not answer while it is set. */
  isSilent = false
  /** The errno that the next transactions fail with; 0 for none. */
  errno = 0
  /** A type of chains that it does not have. */
  refuses: string | undefined
  #end = () => {}
  #held: (() => void)[] = []

  relay(): SocketRelay {
    const closed = new Promise<void>((resolve) => {
      this.#end = resolve
    })
    const refuse = () => Promise.reject(new Error('netlink only'))
    return { netlink: async () => this.#socket(closed), udp: refuse, tcp: refuse, closed, close: () => this.#end() }
  }

  /** The relay ends. */
  end(): void {
    this.#end()
  }

  /** Answers what was asked while it was silent. */
  answer(): void {
    this.isSilent = false
    for (const answer of this.#held.splice(0)) answer()
  }

  #socket(closed: Promise<void>): DatagramSocket {
    let listener: (data: Buffer, from: undefined) => void = () => {}
    return {
      send: async (data) => {
        const answer = () => listener(this.#answerTo(Buffer.from(data)), undefined)
        if (this.isSilent) this.#held.push(answer)
        else queueMicrotask(answer)
      },
      onMessage: (callback) => {
        listener = callback
      },
      onFailure: () => {},
      closed,
      close: () => {},
    }
  }

  #answerTo(datagram: Buffer): Buffer {
    const messages = decodeMessages(datagram)
    const isBatch = messages[0]?.type === BATCH_BEGIN
    const payload = Buffer.alloc(20)
    if (messages[0]?.type === GETGEN) return this.#tellGeneration(messages[0].sequence)
    if (!isBatch) return this.#list(messages[0], payload)
    const refused = messages.find((message) => this.#isRefused(message))
    const last = refused ?? messages.find(({ flags }) => flags & NLM_F_ACK)
    const errno = refused ? ENOENT : this.errno
    payload.writeInt32LE(-errno)
    if (errno === 0) this.#apply(messages.slice(1, -1))
    return encodeMessage({ type: NLMSG_ERROR, flags: 0, payload }, last?.sequence ?? 0)
  }

  #isRefused({ type, payload }: ReceivedMessage): boolean {
    if (this.refuses === undefined || type !== NEWCHAIN) return false
    const chainType = decodeAttributes(payload.subarray(4)).get(CHAIN_TYPE)
    return chainType !== undefined && textOf(chainType) === this.refuses
  }

  #list(request: ReceivedMessage | undefined, done: Buffer): Buffer {
    const sequence = request?.sequence ?? 0
    const names = request?.type === GETTABLE ? [...this.tables.keys()] : []
    const found = names.map((name) => {
      const payload = Buffer.concat([Buffer.alloc(4), text(1, name)])
      return encodeMessage({ type: NEWTABLE, flags: 0, payload }, sequence)
    })
    return Buffer.concat([...found, encodeMessage({ type: NLMSG_DONE, flags: 0, payload: done }, sequence)])
  }

  #tellGeneration(sequence: number): Buffer {
    const payload = Buffer.concat([Buffer.alloc(4), be32(1, this.generation)])
    const told = encodeMessage({ type: NEWGEN, flags: 0, payload }, sequence)
    return Buffer.concat([told, encodeMessage({ type: NLMSG_ERROR, flags: 0, payload: Buffer.alloc(20) }, sequence)])
  }

  #apply(messages: readonly ReceivedMessage[]): void {
    this.generation++
    this.transactions.push(messages[0]?.type === NEWTABLE ? 'table' : 'change')
    for (const message of messages) {
      const name = textOf(decodeAttributes(message.payload.subarray(4)).get(1) ?? Buffer.alloc(0))
      if (message.type === NEWTABLE) this.tables.set(name, [])
      else if (message.type === DELTABLE) this.tables.delete(name)
      else this.tables.get(name)?.push(message)
    }
  }
}
