import { isApiError } from '../../../shared/api/api-error.ts'
import { apiVersionOf, LEASES, type Lease } from '../../../shared/api/kinds.ts'
import type { KubeObject } from '../../../shared/api/object.ts'
import { type Clock, microTimestamp } from '../../../shared/clock.ts'
import type { Logger } from '../../../shared/log.ts'
import type { Client } from '../../client/client.ts'
import type { Change } from '../../reconcile/controller.ts'

const KEY = { namespace: 'kube-system', name: 'node-lifecycle' }

export interface RoundTripOptions {
  client: Client
  clock: Clock
  log: Logger
}

/**
 * A Lease of our own that is written, and is over when the write is seen. Writes are made and seen in their order: by then all
 * Leases of nodes have been seen, too, that were to be written before.
 */
export class RoundTrip {
  readonly #options: RoundTripOptions
  #isUnderWay = false

  constructor(options: RoundTripOptions) {
    this.#options = options
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  /** One that fails is over without an end. */
  begin(): void {
    this.#isUnderWay = true
    this.#write().catch((err) => {
      this.#options.log.warn({ err }, 'could not see whether the store takes writes')
      this.#isUnderWay = false
    })
  }

  /** Whether a change of a Lease is what is waited for. */
  isEndedBy({ type, object: { metadata } }: Change<KubeObject>): boolean {
    const isOurs = metadata.namespace === KEY.namespace && metadata.name === KEY.name
    if (!this.#isUnderWay || !isOurs || type === 'deleted') return false
    this.#isUnderWay = false
    return true
  }

  async #write(): Promise<void> {
    const { client } = this.#options
    try {
      await client.modify(LEASES, KEY, (lease) => {
        lease.spec = this.#taken(lease)
      })
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error
      const lease = { apiVersion: apiVersionOf(LEASES), kind: LEASES.kind, metadata: KEY }
      await client.create(LEASES, { ...lease, spec: this.#taken() })
    }
  }

  /** The count makes each write a change, whatever the clock says. */
  #taken(before?: Lease): NonNullable<Lease['spec']> {
    const { leaseTransitions = 0 } = before?.spec ?? {}
    const renewTime = microTimestamp(this.#options.clock.now())
    return { holderIdentity: KEY.name, renewTime, leaseTransitions: leaseTransitions + 1 }
  }
}
