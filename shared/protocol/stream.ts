import type { StreamRequest } from './frames.ts'

/** One end of a numbered stream. */
export interface Stream {
  /** Resolves when there is room for more; rejects when the stream has ended. */
  write(channel: number, data: Uint8Array): Promise<void>
  /** What the other side writes. Taking a chunk grants it credit for more. Throws an ApiError when it ended badly. */
  readonly input: AsyncIterable<{ channel: number; data: Uint8Array }>
  /** Says that all is written; with `error` (an ApiError) that it did not go well. */
  end(error?: unknown): void
  /** Aborted when the stream has ended, by either side or with the connection. */
  readonly signal: AbortSignal
}

/** Serves streams that the other side opens. A rejection refuses the stream and is shown to the user as a Status. */
export interface StreamServer {
  /** Resolves once the request is accepted; goes on to use the stream after that. */
  serve(request: StreamRequest, stream: Stream): Promise<void>
}
