import { controllerOf, type KubeObject, type Persisted } from '../../../shared/api/object.ts'
import type { Informer } from '../../reconcile/informer.ts'

const INDEX = 'managed by'

const orphansOf = (namespace: string | undefined) => `nobody in ${namespace ?? ''}`

/** Lets `managedBy` and `orphansIn` find objects without looking at all of them. */
export function indexByManager<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(INDEX, (object) => [controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace)])
}

/** Objects whose controller has that UID. */
export function managedBy<T extends KubeObject>(informer: Informer<T>, uid: string): readonly Persisted<T>[] {
  return informer.byIndex(INDEX, uid)
}

/** Objects of the namespace that no controller manages. */
export function orphansIn<T extends KubeObject>(
  informer: Informer<T>,
  namespace: string | undefined,
): readonly Persisted<T>[] {
  return informer.byIndex(INDEX, orphansOf(namespace))
}
