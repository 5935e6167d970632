import type { IncomingMessage } from 'node:http'
import { type Duplex, Readable } from 'node:stream'
import DockerModem from 'docker-modem'
import type { Clock } from '../../../shared/clock.ts'
import { goDuration } from '../../go-duration.ts'
import { type RegistryCredentials, RuntimeFailure } from '../runtime.ts'
import { chooseApiVersion } from './api-version.ts'
import { dockerFailure } from './docker-failure.ts'

/** Where Docker is: `{ socketPath }`, or nothing for `DOCKER_HOST` and Docker's default. */
export type DockerOptions = DockerModem.ConstructorOptions

export interface DockerCall {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Without version, such as `/containers/json`. */
  path: string
  /** Objects are sent as JSON. */
  query?: Record<string, string | number | boolean | object | undefined>
  body?: object
  /** A tar archive as the body. */
  archive?: Buffer
  credentials?: RegistryCredentials
  timeoutMs?: number
}

/** A Docker as it said it is when it was first asked. */
interface Negotiated {
  modem: DockerModem
  architecture: string
}

interface DockerVersion {
  ApiVersion: string
  MinAPIVersion?: string
  Arch: string
}

const VERSION_CALL: DockerCall = { method: 'GET', path: '/version' }
const TIMEOUT_MS = 120_000
const SUCCESS = { 200: true, 201: true, 204: true, 304: true }

/**
 * Docker's HTTP API: one way for all calls. Each has a timeout, speaks a version that both sides know, and rejects
 * with a RuntimeFailure.
 */
export class DockerApi {
  readonly #options: DockerOptions
  readonly #clock: Clock
  #docker: Promise<Negotiated> | undefined

  constructor(options: DockerOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** The answer's JSON; for an empty answer an empty Buffer. */
  async json<T>(call: DockerCall): Promise<T> {
    return (await this.#withTimeout(call, async (signal) =>
      this.#dial((await this.#connect()).modem, call, signal, 'json'),
    )) as T
  }

  /** The answer's body as it comes. The timeout is for its beginning; `signal` ends it at any time. */
  async stream(call: DockerCall, signal: AbortSignal): Promise<IncomingMessage> {
    const answer = await this.#withTimeout(call, async (timeout) => {
      const either = AbortSignal.any([timeout, signal])
      return this.#dial((await this.#connect()).modem, call, either, 'stream')
    })
    return answer as IncomingMessage
  }

  /** A connection that Docker leaves to the two sides of a process; `signal` ends it at any time. */
  async hijack(call: DockerCall, signal: AbortSignal): Promise<Duplex> {
    const connection = (await this.#withTimeout(call, async (timeout) => {
      const either = AbortSignal.any([timeout, signal])
      return this.#dial((await this.#connect()).modem, call, either, 'hijack')
    })) as Duplex
    // What breaks is seen where it is read and written.
    connection.on('error', () => connection.destroy())
    const destroy = () => connection.destroy()
    signal.addEventListener('abort', destroy, { once: true })
    connection.once('close', () => signal.removeEventListener('abort', destroy))
    if (signal.aborted) destroy()
    return connection
  }

  /** Of the machine that Docker runs on, in Go's words, such as `amd64`. */
  architecture(): Promise<string> {
    return this.#withTimeout(VERSION_CALL, async () => (await this.#connect()).architecture)
  }

  /** Asks once what Docker is and which versions it speaks; again after a failure. */
  #connect(): Promise<Negotiated> {
    this.#docker ??= this.#negotiate().catch((error: unknown) => {
      this.#docker = undefined
      throw error
    })
    return this.#docker
  }

  async #negotiate(): Promise<Negotiated> {
    const plain = new DockerModem(this.#options)
    const { signal } = new AbortController()
    const answer = (await this.#dial(plain, VERSION_CALL, signal, 'json')) as DockerVersion
    const modem = new DockerModem({ ...this.#options, version: `v${chooseApiVersion(answer)}` })
    return { modem, architecture: answer.Arch }
  }

  #dial(
    docker: DockerModem,
    call: DockerCall,
    abortSignal: AbortSignal,
    answer: 'json' | 'stream' | 'hijack',
  ): Promise<unknown> {
    const { method, path, query = {}, body = {}, archive, credentials } = call
    const _query = withoutUndefined(query)
    const options = {
      method,
      // docker-modem appends the query to a path that ends so.
      path: Object.keys(_query).length > 0 ? `${path}?` : path,
      options: { _query, _body: body },
      abortSignal,
      isStream: answer !== 'json',
      hijack: answer === 'hijack',
      statusCodes: SUCCESS,
      // A kept connection would break the first call after Docker was started again; a new one costs next to nothing.
      headers: {
        ...(answer === 'hijack' ? {} : { Connection: 'close' }),
        ...(archive ? { 'Content-Type': 'application/x-tar' } : {}),
      },
      // In chunks. After a body of known length Node writes an empty rest, which fails once Docker has answered and hung up.
      ...(archive ? { file: Readable.from([archive]) } : {}),
      ...(credentials ? { authconfig: authOf(credentials) } : {}),
    }
    return new Promise((resolve, reject) => {
      docker.dial(options, (error, result) => (error ? reject(error) : resolve(result)))
    })
  }

  async #withTimeout<T>(call: DockerCall, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { method, path, timeoutMs = TIMEOUT_MS } = call
    const giveUp = new AbortController()
    const late = new RuntimeFailure('timeout', `Docker did not answer ${method} ${path} in ${goDuration(timeoutMs)}`)
    let expire = () => {}
    const expired = new Promise<never>((_, reject) => {
      expire = () => reject(late)
    })
    const timer = this.#clock.after(timeoutMs, () => {
      expire()
      giveUp.abort(late)
    })
    try {
      return await Promise.race([run(giveUp.signal), expired])
    } catch (error) {
      const failed = dockerFailure(error)
      // It may come back as another version.
      if (failed.code === 'unavailable') this.#docker = undefined
      throw failed
    } finally {
      timer.cancel()
    }
  }
}

function authOf({ username, password, serverAddress }: RegistryCredentials) {
  return { username, password, serveraddress: serverAddress }
}

function withoutUndefined(query: object): object {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))
}
