import { type Clock, sleep } from '../../../../shared/clock.ts'
import type { Random } from '../../../../shared/random.ts'
import { type ContainerProcess, RuntimeFailure } from '../../runtime.ts'
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

/** So long only the program that is there already is waited for. */
const OWN_ALONE_MS = 2_000

/** A relay that was greeted. */
interface Attempt {
  /** Undefined where it did not answer. */
  readonly relay: Promise<SocketRelay | undefined>
  giveUp(): void
}

/**
 * Opens the socket relays of sandboxes and network containers: mostly that of the program that they run, on its stdin.
 * Where that does not answer, because its user before went in the middle of a word or Docker closed it, one is started beside it;
 * the first of the two that answers is used. `signal` does not break the connections: a relay is told when its user goes.
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
    const attached = this.#attach(id)
    await attached
    const own = this.#attempt(attached, signal)
    return (await this.#early(own)) ?? firstToAnswer([own, this.#attempt(this.#start(id), signal)])
  }

  #attempt(opened: Promise<ContainerProcess>, signal: AbortSignal): Attempt {
    return {
      relay: opened.then((process) => greetRelay(process, this.#options, signal)),
      giveUp: () =>
        void opened.then(
          (process) => process.close(),
          () => undefined,
        ),
    }
  }

  async #early({ relay }: Attempt): Promise<SocketRelay | undefined> {
    const waiting = new AbortController()
    const late = sleep(this.#options.clock, OWN_ALONE_MS, waiting.signal).catch(() => undefined)
    try {
      return (await Promise.race([relay, late])) ?? undefined
    } finally {
      waiting.abort()
    }
  }

  async #attach(id: string): Promise<ContainerProcess> {
    const query = { stream: true, stdin: true, stdout: true, stderr: false, detachKeys: DETACH_KEYS }
    const call = { method: 'POST', path: `/containers/${id}/attach`, query } as const
    const connection = await this.#options.docker.hijack(call, new AbortController().signal)
    return processStreams({ output: connection, input: connection, tty: false, resize: async () => {} })
  }

  #start(id: string): Promise<ContainerProcess> {
    const streams = { stdin: true, stdout: true, stderr: false, tty: false }
    return this.#options.execs.open(id, [SOCKETS_PATH], streams, new AbortController().signal)
  }
}

/** Gives the others up. Throws why the last one did not come. */
async function firstToAnswer(attempts: readonly Attempt[]): Promise<SocketRelay> {
  const answers = attempts.map(async (attempt) => {
    const relay = await attempt.relay
    if (!relay) throw new RuntimeFailure('failed', 'the socket relay of this sandbox does not answer')
    return { attempt, relay }
  })
  const first = await Promise.any(answers).catch(({ errors }: AggregateError) => {
    throw errors.at(-1)
  })
  for (const other of attempts) if (other !== first.attempt) other.giveUp()
  return first.relay
}
