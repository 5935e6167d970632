import type { StreamRequest } from '../../shared/protocol/frames.ts'

/** How the API reaches into a node: logs now; exec, attach and port-forward later. The composition root provides it. */
export interface NodeStreams {
  /**
   * Opens a stream to the agent of `nodeName`. Rejects with an ApiError: ServiceUnavailable where the node is not
   * connected, or what the agent refused with. Aborting `signal` ends the stream on both sides.
   */
  open(nodeName: string, request: StreamRequest, signal: AbortSignal): Promise<NodeStream>
}

export interface NodeStream {
  /** What the agent sends. Taking a chunk grants the agent credit for more. Throws an ApiError when the stream ends badly. */
  readonly output: AsyncIterable<{ channel: number; data: Uint8Array }>
  /** Resolves when there is room for more. */
  write(channel: number, data: Uint8Array): Promise<void>
  end(): void
}
