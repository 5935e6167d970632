import type { Clock } from '../../../../shared/clock.ts'
import type { Random } from '../../../../shared/random.ts'
import { RuntimeFailure } from '../../runtime.ts'
import type { SocketRelay } from '../../socket-relay.ts'
import type { Containers } from '../containers.ts'
import type { DockerApi } from '../docker-api.ts'
import { DETACH_KEYS, type Execs } from '../execs.ts'
import { processStreams } from '../process-streams.ts'
import { SOCKETS_PATH } from '../programs/pause-program.ts'
import { greetRelay } from './relay-handshake.ts'

export interface RelayOpenerOptions {
  docker: DockerApi
  containers: Containers
  execs: Execs
  clock: Clock
  random: Random
}

/**
 * Opens the socket relays of sandboxes and network containers: mostly that of the program that they run, on its stdin.
 * Where that does not answer, because its user before went in the middle of a word or Docker closed it, one is started beside it.
 * `signal` does not break the connections: a relay is told when its user goes.
 */
export class RelayOpener {
  readonly #options: RelayOpenerOptions

  constructor(options: RelayOpenerOptions) {
    this.#options = options
  }

  async open(id: string, signal: AbortSignal): Promise<SocketRelay> {
    const found = await this.#options.containers.inspect(id)
    if (!found?.State.Running) throw new RuntimeFailure('notFound', `No such container runs: ${id}`)
    if (!found.Config.OpenStdin) throw new RuntimeFailure('invalid', 'this container has no socket relay')
    const relay = (await this.#attach(id, signal)) ?? (await this.#start(id, signal))
    if (!relay) throw new RuntimeFailure('failed', 'the socket relay of this sandbox does not answer')
    return relay
  }

  async #attach(id: string, signal: AbortSignal): Promise<SocketRelay | undefined> {
    const query = { stream: true, stdin: true, stdout: true, stderr: false, detachKeys: DETACH_KEYS }
    const call = { method: 'POST', path: `/containers/${id}/attach`, query } as const
    const connection = await this.#options.docker.hijack(call, new AbortController().signal)
    const streams = processStreams({ output: connection, input: connection, tty: false, resize: async () => {} })
    return greetRelay(streams, this.#options, signal)
  }

  async #start(id: string, signal: AbortSignal): Promise<SocketRelay | undefined> {
    const streams = { stdin: true, stdout: true, stderr: false, tty: false }
    const process = await this.#options.execs.open(id, [SOCKETS_PATH], streams, new AbortController().signal)
    return greetRelay(process, this.#options, signal)
  }
}
