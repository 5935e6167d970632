import { ApiError } from '../../shared/api/api-error.ts'
import type { PodStatus } from '../../shared/api/generated/core-v1.ts'
import type { AttachRequest, ExecRequest } from '../../shared/protocol/frames.ts'
import type { Stream, StreamServer } from '../../shared/protocol/stream.ts'
import { runtimeContainerId } from '../container-id.ts'
import { containerStatusesOf } from '../container-statuses.ts'
import type { PodLookup } from '../pod-lookup.ts'
import { type ContainerProcess, type ExecProcess, type Runtime, RuntimeFailure } from '../runtime/runtime.ts'
import { serveProcess } from './process-session.ts'

export interface CommandServerOptions {
  runtime: Pick<Runtime, 'openExec' | 'attach'>
  pods: PodLookup
}

/** Serves `exec` and `attach`. A stream is accepted when the process has begun or was joined. */
export class CommandServer implements StreamServer<ExecRequest | AttachRequest> {
  readonly #options: CommandServerOptions

  constructor(options: CommandServerOptions) {
    this.#options = options
  }

  async serve(request: ExecRequest | AttachRequest, stream: Stream): Promise<void> {
    const known = this.#options.pods.lookup(request.podUid)
    const id = runningContainerId(known?.status, request.container)
    if (id === undefined) throw containerNotFound(request.container)
    const process = await this.#open(id, request, stream.signal).catch((error: unknown) => refuse(request, error))
    void serveProcess(process, stream)
  }

  #open(
    id: string,
    request: ExecRequest | AttachRequest,
    signal: AbortSignal,
  ): Promise<ContainerProcess | ExecProcess> {
    const { runtime } = this.#options
    if (request.kind === 'attach') return runtime.attach(id, request, signal)
    return runtime.openExec(id, request.command, request, signal)
  }
}

function runningContainerId(status: PodStatus | undefined, name: string): string | undefined {
  const found = containerStatusesOf(status).find((container) => container.name === name)
  return found?.state?.running ? runtimeContainerId(found.containerID) : undefined
}

/** In the kubelet's words, for one that is not running just as for one that is not there. */
function containerNotFound(name: string): ApiError {
  return new ApiError('NotFound', `container not found (${JSON.stringify(name)})`, {})
}

function refuse({ kind, container }: ExecRequest | AttachRequest, error: unknown): never {
  if (!(error instanceof RuntimeFailure)) throw error
  if (error.code === 'notFound' || error.code === 'conflict') throw containerNotFound(container)
  const what = kind === 'exec' ? 'error executing command in container' : 'error attaching to container'
  const isAway = error.code === 'unavailable' || error.code === 'timeout'
  throw new ApiError(isAway ? 'ServiceUnavailable' : 'InternalError', `${what}: ${error.message}`)
}
