import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import type {
  Container,
  ExecAction,
  HTTPGetAction,
  Probe,
  TCPSocketAction,
} from '../../../shared/api/generated/core-v1.ts'
import type { Clock } from '../../../shared/clock.ts'
import { goDuration } from '../../go-duration.ts'
import { type Runtime, RuntimeFailure } from '../../runtime/runtime.ts'
import type { ProbeOutcome, Prober, ProbeTarget } from './prober.ts'

export interface NetworkProberOptions {
  runtime: Pick<Runtime, 'exec'>
  clock: Clock
}

const SUCCESS: ProbeOutcome = { success: true, message: '' }

/** Probes for real: dials the Pod's address from the agent, or runs a command in the container. */
export class NetworkProber implements Prober {
  readonly #options: NetworkProberOptions

  constructor(options: NetworkProberOptions) {
    this.#options = options
  }

  async probe(probe: Probe, target: ProbeTarget): Promise<ProbeOutcome> {
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
    try {
      if (probe.exec) return await this.#exec(probe.exec, target, timeoutMs)
      if (probe.httpGet) return await this.#httpGet(probe.httpGet, target, timeoutMs)
      if (probe.tcpSocket) return await this.#tcpSocket(probe.tcpSocket, target, timeoutMs)
      return failure('the probe names no action')
    } catch (error) {
      return failure(error instanceof Error ? error.message : String(error))
    }
  }

  async #exec({ command = [] }: ExecAction, { containerId }: ProbeTarget, timeoutMs: number): Promise<ProbeOutcome> {
    try {
      const { exitCode, output } = await this.#options.runtime.exec(containerId, command, timeoutMs)
      return { success: exitCode === 0, message: output.trim() }
    } catch (error) {
      if (!(error instanceof RuntimeFailure) || error.code !== 'timeout') throw error
      return failure(`command timed out: ${JSON.stringify(command.join(' '))} timed out after ${goDuration(timeoutMs)}`)
    }
  }

  #tcpSocket({ port, host }: TCPSocketAction, target: ProbeTarget, timeoutMs: number): Promise<ProbeOutcome> {
    const address = addressOf(host, port, target)
    return this.#withTimeout(timeoutMs, `dial tcp ${address.text}: i/o timeout`, (done) => {
      const socket = connect({ host: address.host, port: address.port })
      socket.once('connect', () => done(SUCCESS))
      socket.once('error', (error) => done(failure(dialError(address.text, error))))
      return () => socket.destroy()
    })
  }

  #httpGet(action: HTTPGetAction, target: ProbeTarget, timeoutMs: number): Promise<ProbeOutcome> {
    const { path = '/', scheme = 'HTTP', httpHeaders = [] } = action
    const address = addressOf(action.host, action.port, target)
    const isTls = scheme === 'HTTPS'
    const url = `${isTls ? 'https' : 'http'}://${address.text}${path.startsWith('/') ? path : `/${path}`}`
    const headers = headersOf(httpHeaders)
    const late = `Get ${JSON.stringify(url)}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
    return this.#withTimeout(timeoutMs, late, (done) => {
      const request = isTls
        ? httpsRequest(url, { headers, agent: false, rejectUnauthorized: false })
        : httpRequest(url, { headers, agent: false })
      request.once('response', ({ statusCode = 0 }) => {
        const isGood = statusCode >= 200 && statusCode < 400
        done(isGood ? SUCCESS : failure(`HTTP probe failed with statuscode: ${statusCode}`))
      })
      request.on('error', (error) => done(failure(`Get ${JSON.stringify(url)}: ${dialError(address.text, error)}`)))
      request.end()
      return () => request.destroy()
    })
  }

  /** `begin` returns how to give up; what it says first counts. */
  #withTimeout(
    timeoutMs: number,
    late: string,
    begin: (done: (outcome: ProbeOutcome) => void) => () => void,
  ): Promise<ProbeOutcome> {
    return new Promise((resolve) => {
      let giveUp = () => {}
      const done = (outcome: ProbeOutcome) => {
        timer.cancel()
        resolve(outcome)
        giveUp()
      }
      const timer = this.#options.clock.after(timeoutMs, () => done(failure(late)))
      giveUp = begin(done)
    })
  }
}

interface Address {
  host: string
  port: number
  text: string
}

function addressOf(host: string | undefined, port: number | string, { podIP, container }: ProbeTarget): Address {
  const target = host || podIP
  if (!target) throw new Error('the Pod has no address')
  const number = portNumber(port, container)
  return { host: target, port: number, text: `${target.includes(':') ? `[${target}]` : target}:${number}` }
}

/** A number, or the name of one of the container's ports. */
function portNumber(port: number | string, container: Container): number {
  if (typeof port === 'number') return port
  if (/^\d+$/.test(port)) return Number(port)
  const named = container.ports?.find(({ name }) => name === port)
  if (!named) throw new Error(`the container has no port named ${JSON.stringify(port)}`)
  return named.containerPort
}

function headersOf(httpHeaders: readonly { name: string; value: string }[]): Record<string, string> {
  const defaults = { 'User-Agent': 'kube-probe/1.36', Accept: '*/*' }
  return { ...defaults, ...Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value])) }
}

function dialError(address: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `dial tcp ${address}: connect: connection refused`
    case 'EHOSTUNREACH':
      return `dial tcp ${address}: connect: no route to host`
    case 'ECONNRESET':
      return 'read: connection reset by peer'
    default:
      return error.message
  }
}

function failure(message: string): ProbeOutcome {
  return { success: false, message }
}
