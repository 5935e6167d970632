import { InputQueue } from '../../../shared/protocol/input-queue.ts'

/** What of input nobody has taken yet, counted together for all channels of a socket. */
export interface Unread {
  add(bytes: number): void
  subtract(bytes: number): void
}

/** What a client sends on one channel, for one reader, who gets an error where the client goes before the end. */
export class ChannelInput implements AsyncIterable<Uint8Array> {
  readonly #total: Unread
  readonly #queue: InputQueue<Uint8Array>
  #unread = 0
  #isOpen = true

  constructor(total: Unread) {
    this.#total = total
    this.#queue = new InputQueue({ taken: (data) => this.#subtract(data.byteLength), left: () => this.drop() })
  }

  receive(data: Uint8Array): void {
    if (!this.#isOpen || data.byteLength === 0) return
    this.#unread += data.byteLength
    this.#queue.push(data)
    this.#total.add(data.byteLength)
  }

  /** The client has said all. What is here can still be taken. */
  finish(): void {
    this.#isOpen = false
    this.#queue.finish()
  }

  fail(error: unknown): void {
    this.#isOpen = false
    this.#queue.fail(error)
  }

  /** Nobody wants what is here or still comes: it holds up no other channel. */
  drop(): void {
    this.finish()
    this.#subtract(this.#unread)
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    return this.#queue[Symbol.asyncIterator]()
  }

  /** A chunk that was dropped may still be taken, but counts only once. */
  #subtract(bytes: number): void {
    const counted = Math.min(bytes, this.#unread)
    this.#unread -= counted
    this.#total.subtract(counted)
  }
}
