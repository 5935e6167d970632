import type {
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  Probe,
  TCPSocketAction,
} from '../../../shared/api/generated/core-v1.ts'
import type { Clock } from '../../../shared/clock.ts'
import { messageOf } from '../../../shared/error-message.ts'
import { goDuration } from '../../go-duration.ts'
import { type Runtime, RuntimeFailure } from '../../runtime/runtime.ts'
import { withinTime } from '../../within-time.ts'
import { grpcHealth } from '../handlers/grpc-health.ts'
import { addressOf, type HandlerTarget } from '../handlers/handler-target.ts'
import { httpGet, httpUrl } from '../handlers/http-get.ts'
import { tcpDial } from '../handlers/tcp-dial.ts'
import { grpcFailure } from './grpc-failure.ts'
import type { ProbeOutcome, Prober } from './prober.ts'

export interface NetworkProberOptions {
  runtime: Pick<Runtime, 'exec'>
  clock: Clock
}

const USER_AGENT = 'kube-probe/1.36'
const SUCCESS: ProbeOutcome = { success: true, message: '' }

/** Probes for real: dials the Pod's address from the agent, or runs a command in the container. */
export class NetworkProber implements Prober {
  readonly #options: NetworkProberOptions

  constructor(options: NetworkProberOptions) {
    this.#options = options
  }

  async probe(probe: Probe, target: HandlerTarget): Promise<ProbeOutcome> {
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
    try {
      if (probe.exec) return await this.#exec(probe.exec, target, timeoutMs)
      if (probe.httpGet) return await this.#httpGet(probe.httpGet, target, timeoutMs)
      if (probe.tcpSocket) return await this.#tcpSocket(probe.tcpSocket, target, timeoutMs)
      if (probe.grpc) return await this.#grpc(probe.grpc, target, timeoutMs)
      return { message: 'the probe names no action' }
    } catch (error) {
      return { message: messageOf(error) }
    }
  }

  /** A command that did not end in time has failed; one that could not be run says nothing. */
  async #exec({ command = [] }: ExecAction, { containerId }: HandlerTarget, timeoutMs: number): Promise<ProbeOutcome> {
    try {
      const { exitCode, output } = await this.#options.runtime.exec(containerId, command, timeoutMs)
      return exitCode === 0 ? SUCCESS : failure(output.trim())
    } catch (error) {
      if (!(error instanceof RuntimeFailure) || error.code !== 'timeout') throw error
      return failure(`command timed out: ${JSON.stringify(command.join(' '))} timed out after ${goDuration(timeoutMs)}`)
    }
  }

  async #httpGet(action: HTTPGetAction, target: HandlerTarget, timeoutMs: number): Promise<ProbeOutcome> {
    const url = httpUrl(action, target)
    const late = () =>
      `Get ${JSON.stringify(url)}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
    return this.#asked(timeoutMs, late, async (signal) => {
      const statusCode = await httpGet(url, action.httpHeaders ?? [], USER_AGENT, signal)
      if (statusCode < 200 || statusCode >= 400) return failure(`HTTP probe failed with statuscode: ${statusCode}`)
      return statusCode < 300 ? SUCCESS : { success: true, message: 'Probe terminated redirects' }
    })
  }

  async #tcpSocket({ port, host }: TCPSocketAction, target: HandlerTarget, timeoutMs: number): Promise<ProbeOutcome> {
    const address = addressOf(host, port, target)
    return this.#asked(
      timeoutMs,
      () => `dial tcp ${address.text}: i/o timeout`,
      async (signal) => {
        await tcpDial(address, signal)
        return SUCCESS
      },
    )
  }

  async #grpc({ port, service = '' }: GRPCAction, target: HandlerTarget, timeoutMs: number): Promise<ProbeOutcome> {
    const address = addressOf(undefined, port, target)
    const limit = goDuration(timeoutMs)
    const name = JSON.stringify(address.text)
    let isConnected = false
    const late = () =>
      isConnected
        ? `timeout: health rpc did not complete within ${limit}`
        : `timeout: failed to connect service ${name} within ${limit}: context deadline exceeded`
    return this.#asked(timeoutMs, late, async (signal) => {
      const connected = () => {
        isConnected = true
      }
      const health = await grpcHealth(address, service, USER_AGENT, signal, connected).catch((error) => {
        throw new Error(`error: failed to connect service at ${name}: ${messageOf(error)}`)
      })
      const why = grpcFailure(health)
      return why === undefined ? SUCCESS : failure(why)
    })
  }

  /** Whatever goes wrong on the way to the container is the container's failure. */
  async #asked(
    timeoutMs: number,
    late: () => string,
    ask: (signal: AbortSignal) => Promise<ProbeOutcome>,
  ): Promise<ProbeOutcome> {
    return withinTime(this.#options.clock, timeoutMs, late, ask).catch((error) => failure(messageOf(error)))
  }
}

function failure(message: string): ProbeOutcome {
  return { success: false, message }
}
