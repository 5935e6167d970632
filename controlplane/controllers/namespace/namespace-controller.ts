import { isDeepStrictEqual } from 'node:util'
import { EVENTS, NAMESPACES, type Namespace } from '../../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Client } from '../../client/client.ts'
import { type Controller, type Requeue, watch } from '../../reconcile/controller.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'
import { unlessGone } from '../unless-gone.ts'
import { deletionConditions } from './namespace-conditions.ts'
import { CONTENT_KINDS, emptyNamespace, type Leftovers } from './namespace-content.ts'

/** A look without cause, in case something appeared that no watch told of. */
const RETRY_MS = 5_000

/** Events go at once and come in numbers: no need to watch them. */
const WATCHED_KINDS = CONTENT_KINDS.filter((kind) => kind.type !== EVENTS.type)

/** Empties each Namespace that is being deleted, then lets it go. */
export class NamespaceController implements Controller {
  readonly name = 'namespace'
  readonly concurrency = 2
  readonly watches = [
    watch(NAMESPACES, ({ object }) => (isTerminating(object) ? [keyOf(object)] : [])),
    ...WATCHED_KINDS.map((kind) =>
      watch(kind, ({ type, object }) => {
        const name = object.metadata.namespace ?? ''
        return type === 'deleted' && isTerminating(this.#namespaces.get(name)) ? [name] : []
      }),
    ),
  ]
  readonly #client: Client
  readonly #clock: Clock
  readonly #namespaces: Informer<Namespace>

  constructor(deps: ControllerDeps) {
    this.#client = deps.client
    this.#clock = deps.clock
    this.#namespaces = deps.informers.of(NAMESPACES)
  }

  async reconcile(name: ObjectKey): Promise<Requeue | undefined> {
    const namespace = this.#namespaces.get(name)
    if (!namespace || !isTerminating(namespace) || !namespace.spec?.finalizers?.includes('kubernetes')) return undefined
    const leftovers = await emptyNamespace(this.#client, name)
    const isEmpty = leftovers.remaining.length === 0 && leftovers.failures.length === 0
    // What is about to vanish need not be told about.
    if (!isEmpty || namespace.status?.conditions) await this.#tell(namespace, leftovers)
    if (!isEmpty) return { requeueAfterMs: RETRY_MS }
    await unlessGone(this.#client.finalizeNamespace(name))
    return undefined
  }

  async #tell({ metadata }: Persisted<Namespace>, leftovers: Leftovers): Promise<void> {
    await this.#client.modify(
      NAMESPACES,
      { name: metadata.name },
      (draft) => {
        const before = draft.status?.conditions
        const conditions = deletionConditions(leftovers, before, this.#clock.now())
        if (draft.metadata.uid !== metadata.uid || isDeepStrictEqual(before, conditions)) return false
        draft.status = { ...draft.status, conditions }
      },
      { status: true },
    )
  }
}

function isTerminating(namespace: Namespace | undefined): boolean {
  return namespace?.metadata.deletionTimestamp !== undefined
}
