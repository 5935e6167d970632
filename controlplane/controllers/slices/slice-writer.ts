import { ENDPOINT_SLICES, type EndpointSlice } from '../../../shared/api/kinds.ts'
import type { ObjectKey, Persisted } from '../../../shared/api/object.ts'
import { MANAGED_BY_LABEL, serviceKeyOf } from '../../../shared/endpoint-slices.ts'
import type { Client } from '../../client/client.ts'
import type { Change } from '../../reconcile/controller.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { isNamespaceTerminating } from '../namespace-terminating.ts'
import { unlessGone } from '../unless-gone.ts'
import type { SlicePlan } from './slice-plan.ts'
import { slicesByService } from './slices-by-service.ts'
import { UnseenWrites } from './unseen-writes.ts'

/** The slices that one controller keeps. Slices of other controllers, or made by hand, are none of its business. */
export class SliceWriter {
  readonly #client: Client
  readonly #slicesOf: (key: ObjectKey) => readonly Persisted<EndpointSlice>[]
  readonly #unseen: UnseenWrites<EndpointSlice>
  readonly #managedBy: string

  /** `managedBy`: what these slices have as their `endpointslice.kubernetes.io/managed-by`. */
  constructor({ client, informers, clock }: ControllerDeps, managedBy: string) {
    this.#client = client
    this.#slicesOf = slicesByService(informers)
    this.#unseen = new UnseenWrites(informers.of(ENDPOINT_SLICES), clock)
    this.#managedBy = managedBy
  }

  /** Those of a Service that are not on their way out. */
  slicesOf(key: ObjectKey): Persisted<EndpointSlice>[] {
    return this.#slicesOf(key).filter((slice) => this.#isOurs(slice) && !slice.metadata.deletionTimestamp)
  }

  /** For how long `slicesOf` may still not show what was written last: decide nothing before. 0 is up to date. */
  behindMs(key: ObjectKey): number {
    return this.#unseen.remainingMs(key)
  }

  /** The Services whose slices differ after a change; their keys. */
  servicesOf({ object, previous }: Change<EndpointSlice>): ObjectKey[] {
    const versions = [object, ...(previous ? [previous] : [])]
    const keys = versions.filter((slice) => this.#isOurs(slice)).map(serviceKeyOf)
    return [...new Set(keys)].filter((key) => key !== undefined)
  }

  /** Creates before it deletes, so that no endpoint is missed in between. Throws what went wrong first. */
  async carryOut(key: ObjectKey, { create, update, remove }: SlicePlan): Promise<void> {
    await allDone([...create.map((slice) => this.#create(key, slice)), ...update.map((one) => this.#update(key, one))])
    await allDone(remove.map((slice) => this.#remove(key, slice)))
  }

  #isOurs({ metadata }: EndpointSlice): boolean {
    return metadata.labels?.[MANAGED_BY_LABEL] === this.#managedBy
  }

  async #create(key: ObjectKey, slice: EndpointSlice): Promise<void> {
    try {
      this.#unseen.noteCreation(key, await this.#client.create(ENDPOINT_SLICES, slice))
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error
    }
  }

  async #update(key: ObjectKey, slice: Persisted<EndpointSlice>): Promise<void> {
    this.#unseen.noteUpdate(key, await this.#client.update(ENDPOINT_SLICES, slice))
  }

  async #remove(key: ObjectKey, slice: Persisted<EndpointSlice>): Promise<void> {
    await unlessGone(this.#client.delete(ENDPOINT_SLICES, slice.metadata))
    this.#unseen.noteDeletion(key, slice)
  }
}

async function allDone(work: Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}
