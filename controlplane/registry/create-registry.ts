import { ApiError } from '../../shared/api/api-error.ts'
import type { Clock } from '../../shared/clock.ts'
import { type Logger, silentLogger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import { Turnstile } from '../../shared/turnstile.ts'
import { Compacted, OutcomeUnknown, type Store, StoreUnavailable } from '../store/store.ts'
import type { NodeLossTolerance } from './pods/tolerate-lost-nodes.ts'
import type { EntryEvent, Registry } from './registry.ts'
import type { RegistryContext } from './registry-context.ts'
import { DEFAULT_SERVICE_NETWORK, type ServiceNetwork } from './services/service-network.ts'
import { createEntry } from './verbs/create.ts'
import { deleteEntry } from './verbs/delete.ts'
import { deleteCollection } from './verbs/delete-collection.ts'
import { getEntry } from './verbs/get.ts'
import { listEntries } from './verbs/list.ts'
import { updateEntry } from './verbs/update.ts'
import { watchEntries } from './verbs/watch.ts'

export interface RegistryOptions {
  store: Store
  clock: Clock
  random: Random
  log?: Logger
  nodeLossTolerance?: NodeLossTolerance
  serviceNetwork?: ServiceNetwork
}

/**
 * Of a silent node Kubernetes promises 300 s, too; a home cluster's nodes are few, and Pods should be elsewhere within 10 s.
 * A node that is heard still tells how its Pods are: most of them run on while Docker is away.
 */
const DEFAULT_TOLERANCE: NodeLossTolerance = { notReadySeconds: 300, unreachableSeconds: 1 }

/** Only one registry may write a store at a time: what is given out is looked up in the store, by one writer after the other. */
export function createRegistry(options: RegistryOptions): Registry {
  const context: RegistryContext = {
    store: options.store,
    clock: options.clock,
    random: options.random,
    log: options.log ?? silentLogger,
    nodeLossTolerance: options.nodeLossTolerance ?? DEFAULT_TOLERANCE,
    serviceNetwork: options.serviceNetwork ?? DEFAULT_SERVICE_NETWORK,
    turnstile: new Turnstile(1),
  }
  const answer = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw asApiError(context, error)
    }
  }
  return {
    get: (kind, key) => answer(() => getEntry(context, kind, key)),
    list: (kind, list = {}) => answer(() => listEntries(context, kind, list)),
    watch: (kind, watch, signal) => answers(context, watchEntries(context, kind, watch, signal)),
    create: (kind, object, create) => answer(() => createEntry(context, kind, object, create)),
    update: (kind, key, change, update) => answer(() => updateEntry(context, kind, key, change, update)),
    delete: (kind, key, remove) => answer(() => deleteEntry(context, kind, key, remove)),
    deleteCollection: (kind, remove) => answer(() => deleteCollection(context, kind, remove)),
  }
}

async function* answers(context: RegistryContext, events: AsyncIterable<EntryEvent>): AsyncGenerator<EntryEvent> {
  try {
    yield* events
  } catch (error) {
    throw asApiError(context, error)
  }
}

function asApiError(context: RegistryContext, error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof Compacted) return ApiError.expired(error.message)
  if (error instanceof OutcomeUnknown) return new ApiError('Timeout', error.message)
  if (error instanceof StoreUnavailable) return new ApiError('ServiceUnavailable', error.message)
  context.log.error({ err: error }, 'defect in the registry')
  return new ApiError('InternalError', 'Internal error occurred: the request met a defect of the API server')
}
