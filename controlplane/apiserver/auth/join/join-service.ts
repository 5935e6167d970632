import { ApiError } from '../../../../shared/api/api-error.ts'
import type { Clock } from '../../../../shared/clock.ts'
import type { Logger } from '../../../../shared/log.ts'
import { isNodeName } from '../../../../shared/pki/node-identity.ts'
import type { JoinRequest, JoinResponse } from '../../../../shared/protocol/join.ts'
import { RateLimit } from '../../../../shared/rate-limit.ts'
import type { Registry } from '../../../registry/registry.ts'
import type { CertificateAuthority } from '../pki/certificate-authority.ts'
import { checkNodeRequest, issueNodeCertificate } from '../pki/node-certificate.ts'
import { checkJoinToken } from '../tokens.ts'
import { claimNode, claimOf, nameTaken } from './node-claim.ts'

/** Enough for a rack that joins at once from behind one address, too little to keep the CA busy. */
const RATE = { burst: 60, refillMs: 1000 }

export interface JoinServiceOptions {
  registry: Registry
  ca: CertificateAuthority
  clusterId: string
  clock: Clock
  log: Logger
  /** 30 days unless told. */
  nodeValidityMs?: number | undefined
}

/** A node that has proved who it is with its client certificate. */
export interface ProvenNode {
  nodeName: string
  keyFingerprint: string
}

/** A machine that has shown a valid token: which, and from where. */
export interface Admission {
  caller: string
  tokenId: string
}

/** Makes machines nodes and keeps them so: gives out their certificates. All failures are ApiErrors. */
export class JoinService {
  readonly #options: JoinServiceOptions
  readonly #rate: RateLimit

  constructor(options: JoinServiceOptions) {
    this.#options = options
    this.#rate = new RateLimit(options.clock, RATE)
  }

  /** Lets the holder of a join token on. `caller` is where the request comes from, for the rate limit. */
  async admit(caller: string, authorization: string | undefined): Promise<Admission> {
    const { registry, clock } = this.#options
    if (!this.#rate.take(caller)) throw new ApiError('TooManyRequests', 'too many attempts to join: wait a minute')
    const secret = /^Bearer ([\x21-\x7e]{1,200})$/.exec(authorization ?? '')?.[1]
    if (!secret) throw new ApiError('Unauthorized', 'a join token is needed')
    const verdict = await checkJoinToken(registry, clock, secret)
    if (verdict.valid) return { caller, tokenId: verdict.token.id }
    throw new ApiError('Unauthorized', REFUSALS[verdict.reason])
  }

  /** Makes the machine a node: its name is its key's from now on. */
  async join(admission: Admission, body: unknown): Promise<JoinResponse> {
    const { registry, log } = this.#options
    const { nodeName, csr } = readRequest(body)
    const request = await checkNodeRequest(csr, nodeName)
    await claimNode(registry, nodeName, request.keyFingerprint)
    log.info({ node: nodeName, ...admission }, 'node admitted')
    return this.#answer(request)
  }

  /** A new certificate for the key that the node has proved to hold. */
  async renew(node: ProvenNode, body: unknown): Promise<JoinResponse> {
    const { nodeName, csr } = readRequest(body)
    if (nodeName !== node.nodeName) throw new ApiError('Forbidden', `a node can renew its own certificate only`)
    const request = await checkNodeRequest(csr, nodeName)
    if (request.keyFingerprint !== node.keyFingerprint) {
      throw ApiError.badRequest('the certificate request is refused: a node keeps its key')
    }
    if ((await claimOf(this.#options.registry, nodeName, node.keyFingerprint)) === 'taken') throw nameTaken(nodeName)
    this.#options.log.info({ node: nodeName }, 'node certificate renewed')
    return this.#answer(request)
  }

  async #answer(request: Parameters<typeof issueNodeCertificate>[1]): Promise<JoinResponse> {
    const { ca, clusterId, nodeValidityMs } = this.#options
    const certificate = await issueNodeCertificate(ca, request, nodeValidityMs)
    return { certificate, ca: ca.pem, clusterId, nodeName: request.nodeName }
  }
}

const REFUSALS = {
  unknown:
    'the join token is not known: it was revoked, or is of another cluster; make one with `kubette token create`',
  expired: 'the join token has expired: make a new one with `kubette token create`',
} as const

function readRequest(body: unknown): JoinRequest {
  const { nodeName, csr } = (body ?? {}) as Partial<Record<keyof JoinRequest, unknown>>
  if (typeof nodeName !== 'string' || typeof csr !== 'string') {
    throw ApiError.badRequest('the body must be JSON with nodeName and csr')
  }
  if (!isNodeName(nodeName)) {
    throw ApiError.badRequest(
      `${JSON.stringify(nodeName.slice(0, 80))} is no node name: use up to 63 of a-z, 0-9, - and .`,
    )
  }
  return { nodeName, csr }
}
