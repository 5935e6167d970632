/** Tells what is published to all that subscribed before. */
export class Broadcast<T> {
  readonly #subscribers = new Set<Subscriber<T>>()

  publish(value: T): void {
    for (const subscriber of this.#subscribers) subscriber.push(value)
  }

  /** Ends all subscriptions, as a lost connection does. */
  end(): void {
    for (const subscriber of this.#subscribers) subscriber.end()
    this.#subscribers.clear()
  }

  /** Subscribed from the call on, not only from the first turn of the loop. */
  subscribe(signal: AbortSignal): AsyncIterable<T> {
    const subscriber = new Subscriber<T>()
    this.#subscribers.add(subscriber)
    const stop = () => {
      this.#subscribers.delete(subscriber)
      subscriber.end()
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    return subscriber
  }
}

class Subscriber<T> implements AsyncIterable<T> {
  #values: T[] = []
  #ended = false
  #wake: (() => void) | undefined

  push(value: T): void {
    this.#values.push(value)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      const value = this.#values.shift()
      if (value !== undefined) yield value
      else if (this.#ended) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
