import type { StreamRequest } from './frames.ts'

/** One end of a numbered stream. */
export interface Stream {
  /** Resolves when all of it was sent, so that a slow reader slows its writer; rejects when the stream has ended. */
  write(channel: number, data: Uint8Array): Promise<void>
  /**
   * What the other side writes, for one reader. Taking a chunk grants the other side credit for more. What has come is
   * still given after the stream has ended; then the reading ends, or throws an ApiError where the stream ended badly.
   * An opener that stops reading ends the stream.
   */
  readonly input: AsyncIterable<{ channel: number; data: Uint8Array }>
  /**
   * Says that all is written, after what `write` was given before; with `error` (an ApiError), at once, that it did
   * not go well. The server's end is the end of the stream; an opener's end without error closes only its direction,
   * such as stdin, and the server's `input` ends.
   */
  end(error?: unknown): void
  /** Aborted when the stream has ended, by either side or with the connection; its reason is an ApiError. */
  readonly signal: AbortSignal
}

/** Serves streams that the other side opens. A rejection refuses the stream and is shown to the user as a Status. */
export interface StreamServer<Request extends StreamRequest = StreamRequest> {
  /** Resolves once the request is accepted; goes on to use the stream after that. */
  serve(request: Request, stream: Stream): Promise<void>
}
