import { setMaxListeners } from 'node:events'
import type { SocketRelay } from '../runtime/socket-relay.ts'

/** Opens the relay of a running container, ending any that is open. */
export type OpenSockets = (containerId: string, signal: AbortSignal) => Promise<SocketRelay>

/** The relays of containers, of which each can have one: all who use sockets in a container share it. */
export class SocketRelays {
  readonly #open: OpenSockets
  readonly #stop = new AbortController()
  readonly #relays = new Map<string, Promise<SocketRelay>>()

  constructor(open: OpenSockets) {
    this.#open = open
    // One for each container, however many there are.
    setMaxListeners(0, this.#stop.signal)
  }

  /** The container's relay, opened where it is not open. It is nobody's own: close its sockets, not the relay. */
  of(containerId: string): Promise<SocketRelay> {
    const known = this.#relays.get(containerId)
    if (known) return known
    const opened = this.#open(containerId, this.#stop.signal)
    this.#relays.set(containerId, opened)
    const forget = () => {
      if (this.#relays.get(containerId) === opened) this.#relays.delete(containerId)
    }
    opened.then((relay) => relay.closed.then(forget), forget)
    return opened
  }

  /** Lets go of all of them; for the agent's own end. */
  close(): void {
    this.#stop.abort()
    for (const relay of this.#relays.values()) {
      relay.then(
        (opened) => opened.close(),
        () => undefined,
      )
    }
  }
}
