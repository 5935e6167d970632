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
    const { docker, clock, random } = this.#options
    const query = { stream: true, stdin: true, stdout: true, stderr: false, detachKeys: DETACH_KEYS }
    const connection = await docker.hijack({ method: 'POST', path: `/containers/${id}/attach`, query }, signal)
    const streams = processStreams({ output: connection, input: connection, tty: false, resize: async () => {} })
    return greetRelay(streams, clock, random)
  }

  async #start(id: string, signal: AbortSignal): Promise<SocketRelay | undefined> {
    const { execs, clock, random } = this.#options
    const streams = { stdin: true, stdout: true, stderr: false, tty: false }
    return greetRelay(await execs.open(id, [SOCKETS_PATH], streams, signal), clock, random)
  }
}
