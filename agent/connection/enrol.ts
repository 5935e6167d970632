import { ApiError } from '../../shared/api/api-error.ts'
import { Backoff } from '../../shared/backoff.ts'
import { type Clock, sleep } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import { type JoinToken, parseJoinToken } from '../../shared/pki/join-token.ts'
import { createNodeRequest } from '../../shared/pki/node-request.ts'
import { JOIN_PATH } from '../../shared/protocol/join.ts'
import type { Random } from '../../shared/random.ts'
import { askControlPlane } from './control-plane-request.ts'
import { CredentialStore, certificateHash, type NodeCredentials, validityOf } from './node-credentials.ts'
import { fetchPinnedCa, WrongAuthority } from './pinned-ca.ts'

const BACKOFF = { initialMs: 500, maxMs: 10_000 }

export interface EnrolOptions {
  /** Such as `https://10.0.0.5:7443`. */
  serverUrl: string
  /** Needed only by a machine that has not joined yet. */
  token?: string | undefined
  nodeName: string
  /** Where key and certificate are kept. */
  dataDir: string
  clock: Clock
  random: Random
  log: Logger
  /** Gives up. */
  signal: AbortSignal
}

/** The machine cannot become this node, and why: trying again would not help. */
export class EnrolmentRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'EnrolmentRefused'
  }
}

/**
 * What the node dials with: from its data directory, or by joining with the token. Goes on trying while the control
 * plane cannot be reached. Rejects with EnrolmentRefused, or with the signal's reason.
 */
export async function enrol(options: EnrolOptions): Promise<NodeCredentials> {
  const store = new CredentialStore(options.dataDir, options.random)
  const token = readToken(options.token)
  const held = await store.load()
  if (held) assertSame(held, options, token)
  if (held && validityOf(held.certificate).to > options.clock.now()) return held
  if (!token) throw new EnrolmentRefused(held ? EXPIRED : NO_TOKEN)
  const keys = await store.keys()
  const csr = createNodeRequest(options.nodeName, keys)
  return store.save(await joinUntilAnswered(options, token, csr))
}

const HOW = 'make a token with `kubette token create` on the control plane and give it with --token'
const NO_TOKEN = `this machine has not joined yet: ${HOW}`
const EXPIRED = `the node's certificate has expired while the agent was off: ${HOW}`

function readToken(text: string | undefined): JoinToken | undefined {
  if (!text) return undefined
  const token = parseJoinToken(text)
  if (!token) throw new EnrolmentRefused('the token is not one that `kubette token create` made: K1.<hash>.<secret>')
  return token
}

function assertSame(held: NodeCredentials, { nodeName, dataDir }: EnrolOptions, token: JoinToken | undefined): void {
  const elsewhere = 'give another directory with --data, or remove this one'
  if (held.nodeName !== nodeName) {
    throw new EnrolmentRefused(`${dataDir} belongs to the node ${held.nodeName}, not ${nodeName}: ${elsewhere}`)
  }
  if (token && token.caHash !== certificateHash(held.ca)) {
    throw new EnrolmentRefused(`${dataDir} belongs to a node of another cluster than the token: ${elsewhere}`)
  }
}

async function joinUntilAnswered(options: EnrolOptions, token: JoinToken, csr: string) {
  const { clock, random, log, signal, serverUrl } = options
  const backoff = new Backoff(BACKOFF)
  for (;;) {
    signal.throwIfAborted()
    try {
      return await join(options, token, csr)
    } catch (error) {
      if (isFinal(error)) throw new EnrolmentRefused(error.message)
      log.warn({ server: serverUrl, reason: (error as Error).message }, 'not joined yet, trying again')
    }
    await sleep(clock, backoff.next() * (0.5 + random.next() / 2), signal)
  }
}

async function join({ serverUrl, nodeName, clock }: EnrolOptions, { caHash, secret }: JoinToken, csr: string) {
  const ca = await fetchPinnedCa(serverUrl, caHash, clock)
  const answer = await askControlPlane(
    { serverUrl, path: JOIN_PATH, ca, bearer: secret, body: { nodeName, csr } },
    clock,
  )
  // The CA that was checked, whatever the answer says.
  return { ...answer, ca, nodeName }
}

function isFinal(error: unknown): error is Error {
  if (error instanceof WrongAuthority) return true
  return error instanceof ApiError && error.code >= 400 && error.code < 500 && error.code !== 429
}
