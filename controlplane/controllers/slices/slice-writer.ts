import { ENDPOINT_SLICES, type EndpointSlice } from '../../../shared/api/kinds.ts'
import type { ObjectKey, Persisted } from '../../../shared/api/object.ts'
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from '../../../shared/endpoint-slices.ts'
import type { Client } from '../../client/client.ts'
import type { Change } from '../../reconcile/controller.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { isNamespaceTerminating } from '../namespace-terminating.ts'
import { unlessGone } from '../unless-gone.ts'
import type { SlicePlan } from './slice-plan.ts'
import { UnseenWrites } from './unseen-writes.ts'

const BY_SERVICE = 'service and manager'

/** The slices that one controller keeps. Slices of other controllers, or made by hand, are none of its business. */
export class SliceWriter {
  readonly #client: Client
  readonly #slices: Informer<EndpointSlice>
  readonly #unseen: UnseenWrites<EndpointSlice>
  readonly #managedBy: string

  /** `managedBy`: what these slices have as their `endpointslice.kubernetes.io/managed-by`. */
  constructor({ client, informers, clock }: ControllerDeps, managedBy: string) {
    this.#client = client
    this.#slices = informers.of(ENDPOINT_SLICES)
    this.#slices.addIndex(BY_SERVICE, indexValuesOf)
    this.#unseen = new UnseenWrites(this.#slices, clock)
    this.#managedBy = managedBy
  }

  /** Those of a Service that are not on their way out. */
  slicesOf(key: ObjectKey): Persisted<EndpointSlice>[] {
    const slices = this.#slices.byIndex(BY_SERVICE, `${this.#managedBy} ${key}`)
    return slices.filter(({ metadata }) => !metadata.deletionTimestamp)
  }

  /** For how long `slicesOf` may still not show what was written last: decide nothing before. 0 is up to date. */
  behindMs(key: ObjectKey): number {
    return this.#unseen.remainingMs(key)
  }

  /** The Services whose slices differ after a change; their keys. */
  servicesOf({ object, previous }: Change<EndpointSlice>): ObjectKey[] {
    const values = [object, ...(previous ? [previous] : [])].flatMap(indexValuesOf)
    const prefix = `${this.#managedBy} `
    const ours = values.filter((value) => value.startsWith(prefix)).map((value) => value.slice(prefix.length))
    return [...new Set(ours)]
  }

  /** Creates before it deletes, so that no endpoint is missed in between. Throws what went wrong first. */
  async carryOut(key: ObjectKey, { create, update, remove }: SlicePlan): Promise<void> {
    await allDone([...create.map((slice) => this.#create(key, slice)), ...update.map((one) => this.#update(key, one))])
    await allDone(remove.map((slice) => this.#remove(key, slice)))
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

function indexValuesOf({ metadata }: Persisted<EndpointSlice>): string[] {
  const { [SERVICE_NAME_LABEL]: name, [MANAGED_BY_LABEL]: manager } = metadata.labels ?? {}
  return name && manager ? [`${manager} ${metadata.namespace}/${name}`] : []
}

async function allDone(work: Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}
