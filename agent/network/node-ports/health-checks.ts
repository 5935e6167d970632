import { createServer, type ServerResponse } from 'node:http'
import { Duplex, Readable, Writable } from 'node:stream'
import type { ObjectKey } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import { keepRunning } from '../../keep-trying.ts'
import type { RelayedConnection } from '../../runtime/socket-relay.ts'
import type { NetworkView } from '../network-state.ts'
import { machineMates } from '../services/machine-mates.ts'
import type { SocketRelays } from '../socket-relays.ts'
import { countReadyEndpoints } from './ready-endpoints.ts'

export interface HealthChecksOptions {
  readonly nodeName: string
  readonly network: NetworkView
  readonly relays: SocketRelays
  readonly clock: Clock
  readonly log: Logger
}

/** Where a Service's health is asked for. */
export interface HealthCheckPlace {
  readonly service: ObjectKey
  readonly address: string
  readonly port: number
}

/** Between one loss of the way into a container and the next try. */
const RETRY_MS = 1_000
/** Whoever has not asked by then is not waited for. */
const PATIENCE_MS = 10_000

/**
 * Tells load balancers whether this machine has endpoints of a Service, as kube-proxy does: 200 with their number, or 503.
 * Nobody answers while the agent is away.
 */
export class HealthChecks {
  readonly #options: HealthChecksOptions
  /** By the container that publishes the port. */
  readonly #served = new Map<string, AbortController>()

  constructor(options: HealthChecksOptions) {
    this.#options = options
  }

  /** Listens in the container from now on, until `end`. */
  serve(containerId: string, place: HealthCheckPlace): void {
    if (this.#served.has(containerId)) return
    const stop = new AbortController()
    this.#served.set(containerId, stop)
    const { clock, log } = this.#options
    void keepRunning(() => this.#serveOnce(containerId, place, stop.signal), {
      clock,
      signal: stop.signal,
      restMs: () => RETRY_MS,
      failed: (err) => log.debug({ err, ...place }, 'health checks are not answered'),
    })
  }

  end(containerId: string): void {
    this.#served.get(containerId)?.abort()
    this.#served.delete(containerId)
  }

  stop(): void {
    for (const containerId of [...this.#served.keys()]) this.end(containerId)
  }

  /** Resolves when the way into the container is lost. */
  async #serveOnce(containerId: string, place: HealthCheckPlace, signal: AbortSignal): Promise<void> {
    const relay = await this.#options.relays.of(containerId)
    const listener = await relay.tcp(place.address, place.port)
    const server = createServer((_, response) => this.#answer(place.service, response))
    listener.onConnection((connection) => {
      const patience = this.#options.clock.after(PATIENCE_MS, () => connection.close())
      void connection.closed.then(() => patience.cancel())
      server.emit('connection', streamOf(connection))
    })
    const close = () => listener.close()
    signal.addEventListener('abort', close, { once: true })
    if (signal.aborted) close()
    await listener.closed
    signal.removeEventListener('abort', close)
  }

  #answer(key: ObjectKey, response: ServerResponse): void {
    const localEndpoints = this.#localEndpoints(key)
    const [namespace, name] = key.split('/')
    const report = { service: { namespace, name }, localEndpoints, serviceProxyHealthy: true }
    response.writeHead(localEndpoints > 0 ? 200 : 503, {
      'Content-Type': 'application/json',
      'X-Content-Type-Options': 'nosniff',
      'X-Load-Balancing-Endpoint-Weight': String(localEndpoints),
      Connection: 'close',
    })
    response.end(JSON.stringify(report, undefined, '\t'))
  }

  #localEndpoints(key: ObjectKey): number {
    const { network, nodeName } = this.#options
    const snapshot = network.snapshot()
    if (!snapshot) return 0
    return countReadyEndpoints(snapshot.slices.get(key) ?? [], machineMates(nodeName, snapshot.nodes))
  }
}

/** For Node's own server, which takes any stream for a connection. */
function streamOf(connection: RelayedConnection): Duplex {
  const writable = new Writable({
    write: (chunk: Buffer, _, done) => void connection.write(chunk).then(() => done(), done),
    final: (done) => {
      connection.close()
      done()
    },
  })
  const stream = Duplex.from({ readable: Readable.from(connection.input, { objectMode: false }), writable })
  // The client has gone: there is nobody to tell.
  stream.on('error', () => connection.close())
  return stream
}
