/** Chunks on their way to one reader: what a stream has received and nobody has taken yet. */
export class InputQueue<Chunk> implements AsyncIterable<Chunk> {
  readonly #taken: (chunk: Chunk) => void
  readonly #left: () => void
  #chunks: Chunk[] = []
  #end: { error?: unknown } | undefined
  #wake: (() => void) | undefined

  /** `taken` is called for each chunk that the reader takes, `left` when the reader stops before the end. */
  constructor(on: { taken: (chunk: Chunk) => void; left: () => void }) {
    this.#taken = on.taken
    this.#left = on.left
  }

  push(chunk: Chunk): void {
    if (this.#end) return
    this.#chunks.push(chunk)
    this.#wake?.()
  }

  /** Nothing more will come; what is here can still be taken. */
  finish(): void {
    this.#end ??= {}
    this.#wake?.()
  }

  /** What is here can still be taken, then the reader gets `error`. */
  fail(error: unknown): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Chunk> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift()
        if (chunk !== undefined) {
          this.#taken(chunk)
          yield chunk
        } else if (this.#end) {
          if ('error' in this.#end) throw this.#end.error
          return
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      if (!this.#end) this.#left()
    }
  }
}
