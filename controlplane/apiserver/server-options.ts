import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import type { Registry } from '../registry/registry.ts'
import type { Authenticator, Authorizer, Identity } from './auth/identity.ts'
import type { HealthCheck } from './health.ts'
import type { HttpRequest, HttpResponse } from './http/http-request.ts'
import type { Ends } from './http/local-peers.ts'
import type { NodeStreams } from './node-streams.ts'
import type { VersionInfo } from './version.ts'

export interface ApiServerOptions {
  readonly registry: Registry
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly nodeStreams: NodeStreams
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly version: VersionInfo
  readonly tls: TlsOptions
  /** Whose connections are taken; others end before anything is said. Absent: everybody's. */
  readonly admits?: (ends: Ends) => boolean
  /** `host:port` as clients know it, for `/api`. */
  readonly serverAddress: string
  /** Besides that it answers. */
  readonly healthChecks: readonly HealthCheck[]
  /** Paths outside the Kubernetes API that know their clients by other means. */
  readonly extraRoutes?: readonly ExtraRoute[]
  readonly upgradeHandlers?: readonly UpgradeHandler[]
}

/** All PEM. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
  /** Client certificates that these have signed are known. */
  readonly ca: string | readonly string[]
}

export interface ExtraRoute {
  readonly method: string
  readonly path: string
  /** Answers by itself. A rejection with an ApiError is answered as a Status. */
  handle(request: HttpRequest, response: HttpResponse): Promise<void>
}

/** Takes over HTTP/1.1 connections that ask for an upgrade at `path`, once it is known who asks. */
export interface UpgradeHandler {
  readonly path: string
  /** @throws ApiError where it does not, which is answered as a Status */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer, identity: Identity): void
}
