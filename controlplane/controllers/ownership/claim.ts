import { ApiError } from '../../../shared/api/api-error.ts'
import type { Kind } from '../../../shared/api/kinds.ts'
import { controllerOf, type KubeObject, keyOf, type LabelSelector, type Persisted } from '../../../shared/api/object.ts'
import { matchesLabelSelector } from '../../../shared/selectors.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../reconcile/informer.ts'
import { unlessGone } from '../unless-gone.ts'
import { controllerRefTo } from './controller-ref.ts'
import { managedBy, orphansIn } from './managed-index.ts'

/** Who claims what. */
export interface Claimant<O extends KubeObject, T extends KubeObject> {
  client: Client
  ownerKind: Kind<O>
  owner: Persisted<O>
  selector: LabelSelector | undefined
  kind: Kind<T>
  /** Needs `indexByManager`. */
  informer: Informer<T>
  /** Which of those found come into question at all; all unless told. */
  isCandidate?: (object: Persisted<T>) => boolean
}

/**
 * The objects that belong to the owner, after it has adopted what matches its selector and has no controller, and
 * released what it controls and no longer matches.
 */
export async function claim<O extends KubeObject, T extends KubeObject>(
  claimant: Claimant<O, T>,
): Promise<Persisted<T>[]> {
  const { owner, selector, informer, isCandidate = () => true } = claimant
  const isMatch = (object: Persisted<T>) => matchesLabelSelector(selector, object.metadata.labels)
  const managed = managedBy(informer, owner.metadata.uid).filter(isCandidate)
  const orphans = orphansIn(informer, owner.metadata.namespace).filter(isCandidate).filter(isMatch)

  const claimed = managed.filter(isMatch)
  if (owner.metadata.deletionTimestamp) return claimed
  for (const object of managed) if (!isMatch(object)) await release(claimant, object)
  for (const object of orphans) {
    if (object.metadata.deletionTimestamp) continue
    const adopted = await adopt(claimant, object)
    if (adopted) claimed.push(adopted)
  }
  return claimed
}

async function adopt<O extends KubeObject, T extends KubeObject>(
  claimant: Claimant<O, T>,
  object: Persisted<T>,
): Promise<Persisted<T> | undefined> {
  await checkMayAdopt(claimant)
  const ref = controllerRefTo(claimant.ownerKind, claimant.owner)
  const result = await change(claimant, object, (metadata) => {
    if (metadata.deletionTimestamp || controllerOf({ metadata })) return false
    if (!matchesLabelSelector(claimant.selector, metadata.labels)) return false
    const others = (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== ref.uid)
    metadata.ownerReferences = [...others, ref]
  })
  return result && controllerOf(result)?.uid === ref.uid ? result : undefined
}

async function release<O extends KubeObject, T extends KubeObject>(
  claimant: Claimant<O, T>,
  object: Persisted<T>,
): Promise<void> {
  const ownerUid = claimant.owner.metadata.uid
  await change(claimant, object, (metadata) => {
    metadata.ownerReferences = (metadata.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUid)
  })
}

/** Undefined where that very object is gone. */
async function change<O extends KubeObject, T extends KubeObject>(
  { client, kind }: Claimant<O, T>,
  object: Persisted<T>,
  alter: (metadata: Persisted<T>['metadata']) => false | void,
): Promise<Persisted<T> | undefined> {
  const { namespace, name, uid } = object.metadata
  const result = await unlessGone(
    client.modify(kind, { ...(namespace ? { namespace } : {}), name }, (draft) =>
      draft.metadata.uid === uid ? alter(draft.metadata) : false,
    ),
  )
  return result?.metadata.uid === uid ? result : undefined
}

/** The informer may be behind: an owner that is going, or is another by now, must not adopt. */
async function checkMayAdopt<O extends KubeObject, T extends KubeObject>(claimant: Claimant<O, T>): Promise<void> {
  const { client, ownerKind, owner } = claimant
  const { namespace, name, uid } = owner.metadata
  const live = await client.get(ownerKind, { ...(namespace ? { namespace } : {}), name })
  const why =
    live.metadata.uid !== uid ? 'it was replaced' : live.metadata.deletionTimestamp ? 'it is being deleted' : ''
  if (why) throw ApiError.conflict(ownerKind, keyOf(owner), `cannot adopt: ${why}`)
}
