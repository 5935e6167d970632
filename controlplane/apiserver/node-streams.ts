import type { StreamRequest } from '../../shared/protocol/frames.ts'
import type { Stream } from '../../shared/protocol/stream.ts'

/** How the API reaches into a node: logs, exec, attach, port-forward. The composition root provides it. */
export interface NodeStreams {
  /**
   * Opens a stream to the agent of `nodeName`. Rejects with an ApiError: ServiceUnavailable where the node is not
   * connected, or what the agent refused with. Aborting `signal` ends the stream on both sides.
   */
  open(nodeName: string, request: StreamRequest, signal: AbortSignal): Promise<Stream>
}
