import type { Clock, Timer } from '../shared/clock.ts'
import { writeDurably } from '../shared/durable-file.ts'
import type { Logger } from '../shared/log.ts'
import type { Random } from '../shared/random.ts'
import { CommandFailure } from './command-failure.ts'
import type { NewToken } from './join-token.ts'

const TTL_MS = 24 * 3_600_000
const RENEWAL_MS = TTL_MS / 2
const RETRY_MS = 60_000

export interface KeptTokenDeps {
  /** Makes one. */
  create(token: NewToken): Promise<string>
  clock: Clock
  random: Random
  log: Logger
}

/**
 * Keeps a token in a file, always one that is good for some hours more: for agents that are set up before there is anybody
 * to hand them one, as with Docker Compose. Resolves, once one is there, to the way to stop. Throws a CommandFailure.
 */
export async function keepTokenIn(file: string, { create, clock, random, log }: KeptTokenDeps): Promise<() => void> {
  let isStopped = false
  let timer: Timer | undefined
  const write = async () => {
    const token = await create({ ttlMs: TTL_MS, description: `kept in ${file}` })
    await writeDurably(file, `${token}\n`, random)
  }
  const renewIn = (delayMs: number) => {
    if (!isStopped) timer = clock.after(delayMs, () => void renew())
  }
  const renew = async () => {
    try {
      await write()
      renewIn(RENEWAL_MS)
    } catch (error) {
      log.warn({ err: error, file }, 'the join token is not renewed')
      renewIn(RETRY_MS)
    }
  }
  await write().catch((error: Error) => {
    throw new CommandFailure(`no join token can be kept in ${file}: ${error.message}`)
  })
  renewIn(RENEWAL_MS)
  return () => {
    isStopped = true
    timer?.cancel()
  }
}
