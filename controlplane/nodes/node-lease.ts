import { isApiError } from '../../shared/api/api-error.ts'
import { apiVersionOf, LEASES, type Lease } from '../../shared/api/kinds.ts'
import { type Clock, microTimestamp } from '../../shared/clock.ts'
import type { Logger } from '../../shared/log.ts'
import type { Client } from '../client/client.ts'

const NODE_LEASE_NAMESPACE = 'kube-node-lease'

export interface NodeLeaseDeps {
  client: Client
  clock: Clock
  log: Logger
  nodeName: string
  durationSeconds: number
}

/** A node's heartbeats as the rest of the control plane sees them. The store keeps Leases in memory only. */
export class NodeLease {
  readonly #deps: NodeLeaseDeps
  #renewing = false

  constructor(deps: NodeLeaseDeps) {
    this.#deps = deps
  }

  /** Rejects with an ApiError where it cannot be written. */
  async renew(): Promise<void> {
    const { client, nodeName } = this.#deps
    const spec = this.#spec()
    try {
      await client.modify(LEASES, { namespace: NODE_LEASE_NAMESPACE, name: nodeName }, (lease) => {
        lease.spec = { ...lease.spec, ...spec }
      })
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error
      await client.create(LEASES, this.#newLease(spec))
    }
  }

  /** Renews unless the last renewal is still under way; a failure is logged, the next heartbeat tries again. */
  beat(): void {
    if (this.#renewing) return
    this.#renewing = true
    this.renew()
      .catch((error) => this.#deps.log.warn({ err: error }, 'lease not renewed'))
      .finally(() => {
        this.#renewing = false
      })
  }

  /** Says that its holder has let go of it and is not to be missed at once. Never rejects. */
  async release(): Promise<void> {
    const { client, log, nodeName } = this.#deps
    try {
      await client.modify(LEASES, { namespace: NODE_LEASE_NAMESPACE, name: nodeName }, (lease) => {
        const { holderIdentity: _, ...spec } = lease.spec ?? {}
        lease.spec = spec
      })
    } catch (err) {
      log.warn({ err }, 'lease not released')
    }
  }

  #spec(): Lease['spec'] {
    const { clock, nodeName, durationSeconds } = this.#deps
    return {
      holderIdentity: nodeName,
      leaseDurationSeconds: durationSeconds,
      renewTime: microTimestamp(clock.now()),
    }
  }

  #newLease(spec: Lease['spec']): Lease {
    const metadata = { namespace: NODE_LEASE_NAMESPACE, name: this.#deps.nodeName }
    return { apiVersion: apiVersionOf(LEASES), kind: LEASES.kind, metadata, spec }
  }
}
