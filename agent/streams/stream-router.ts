import type {
  AttachRequest,
  ExecRequest,
  LogsRequest,
  PortForwardRequest,
  StreamRequest,
} from '../../shared/protocol/frames.ts'
import type { Stream, StreamServer } from '../../shared/protocol/stream.ts'

/** Who serves which kind of stream. */
export interface StreamServers {
  logs: StreamServer<LogsRequest>
  metrics: { serve(stream: Stream): Promise<void> }
  command: StreamServer<ExecRequest | AttachRequest>
  portForward: StreamServer<PortForwardRequest>
}

/** Takes each stream that the control plane opens to who serves its kind. */
export class StreamRouter implements StreamServer {
  readonly #servers: StreamServers

  constructor(servers: StreamServers) {
    this.#servers = servers
  }

  async serve(request: StreamRequest, stream: Stream): Promise<void> {
    switch (request.kind) {
      case 'logs':
        return this.#servers.logs.serve(request, stream)
      case 'metrics':
        return this.#servers.metrics.serve(stream)
      case 'exec':
      case 'attach':
        return this.#servers.command.serve(request, stream)
      case 'portForward':
        return this.#servers.portForward.serve(request, stream)
    }
  }
}
