import type { Clock } from '../../shared/clock.ts'
import type { MessageSocket } from '../../shared/protocol/message-socket.ts'

/** What a network may do to a connection. */
export interface SocketPairOptions {
  /** With it messages arrive as timers of this clock, else in a later microtask. */
  clock?: Clock
  /** Milliseconds for a message of so many bytes, in order always; 0 unless told. */
  delayMs?: (bytes: number) => number
}

/** Two joined sockets in memory. Messages are copied, so that neither side can change what the other has. */
export interface SocketPair {
  readonly a: MessageSocket
  readonly b: MessageSocket
  /** Silently loses every message from now on, as a cut cable does; `heal` lets later ones through. */
  drop(): void
  heal(): void
  /** Both sides see the connection fail at once. */
  cut(): void
}

class PairedSocket implements MessageSocket {
  peer!: PairedSocket
  bufferedBytes = 0
  #net: Network
  #messageListeners: ((message: string | Uint8Array) => void)[] = []
  #closeListeners: ((code: number, reason: string) => void)[] = []
  #closed = false
  #freeAt = 0

  constructor(net: Network) {
    this.#net = net
  }

  send(message: string | Uint8Array): void {
    if (this.#closed) return
    const copy = typeof message === 'string' ? message : message.slice()
    const bytes = typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength
    this.bufferedBytes += bytes
    this.#later(bytes, () => {
      this.bufferedBytes -= bytes
      if (!this.#net.dropping) this.peer.#deliver(copy)
    })
  }

  close(code: number, reason: string): void {
    if (this.#closed) return
    this.#later(0, () => {
      if (!this.#net.dropping) this.peer.fail(code, reason)
    })
    this.#closed = true
    queueMicrotask(() => this.#announce(code, reason))
  }

  /** The connection ends under this side. */
  fail(code: number, reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#announce(code, reason)
  }

  onMessage(listener: (message: string | Uint8Array) => void): void {
    this.#messageListeners.push(listener)
  }

  onClose(listener: (code: number, reason: string) => void): void {
    this.#closeListeners.push(listener)
  }

  #deliver(message: string | Uint8Array): void {
    if (this.#closed) return
    for (const listener of this.#messageListeners) listener(message)
  }

  #announce(code: number, reason: string): void {
    for (const listener of this.#closeListeners.splice(0)) listener(code, reason)
  }

  #later(bytes: number, run: () => void): void {
    const { clock, delayMs } = this.#net
    if (clock) {
      this.#freeAt = Math.max(this.#freeAt, clock.monotonic() + (delayMs?.(bytes) ?? 0))
      clock.after(this.#freeAt - clock.monotonic(), run)
    } else {
      queueMicrotask(run)
    }
  }
}

interface Network extends SocketPairOptions {
  dropping: boolean
}

export function socketPair(options: SocketPairOptions = {}): SocketPair {
  const net: Network = { ...options, dropping: false }
  const [a, b] = [new PairedSocket(net), new PairedSocket(net)]
  a.peer = b
  b.peer = a
  return {
    a,
    b,
    drop: () => {
      net.dropping = true
    },
    heal: () => {
      net.dropping = false
    },
    cut: () => {
      a.fail(1006, '')
      b.fail(1006, '')
    },
  }
}
