import { type KubeObject, keyOf, type ObjectKey, type Persisted } from '../../shared/api/object.ts'

type ValuesOf<T extends KubeObject> = (object: Persisted<T>) => readonly string[]

interface Index<T extends KubeObject> {
  valuesOf: ValuesOf<T>
  keys: Map<string, Set<ObjectKey>>
}

const BY_NAMESPACE = ' namespace'

/** Objects by key, with indexes that are kept up to date write by write. */
export class IndexedCache<T extends KubeObject> {
  readonly #objects = new Map<ObjectKey, Persisted<T>>()
  readonly #indexes = new Map<string, Index<T>>()

  constructor() {
    this.addIndex(BY_NAMESPACE, (object) => [object.metadata.namespace ?? ''])
  }

  get(key: ObjectKey): Persisted<T> | undefined {
    return this.#objects.get(key)
  }

  keys(): ObjectKey[] {
    return [...this.#objects.keys()]
  }

  list(namespace?: string): readonly Persisted<T>[] {
    return namespace === undefined ? [...this.#objects.values()] : this.byIndex(BY_NAMESPACE, namespace)
  }

  /** Throws where no index of that name was added: a mistake in the code, not in the data. */
  byIndex(name: string, value: string): readonly Persisted<T>[] {
    const index = this.#indexes.get(name)
    if (!index) throw new Error(`no index ${JSON.stringify(name)}`)
    const found: Persisted<T>[] = []
    for (const key of index.keys.get(value) ?? []) {
      const object = this.#objects.get(key)
      if (object) found.push(object)
    }
    return found
  }

  addIndex(name: string, valuesOf: ValuesOf<T>): void {
    if (this.#indexes.has(name)) return
    const index: Index<T> = { valuesOf, keys: new Map() }
    this.#indexes.set(name, index)
    for (const [key, object] of this.#objects) reindex(index, key, undefined, object)
  }

  set(object: Persisted<T>): void {
    const key = keyOf(object)
    const previous = this.#objects.get(key)
    this.#objects.set(key, object)
    for (const index of this.#indexes.values()) reindex(index, key, previous, object)
  }

  delete(key: ObjectKey): void {
    const previous = this.#objects.get(key)
    this.#objects.delete(key)
    for (const index of this.#indexes.values()) reindex(index, key, previous, undefined)
  }
}

/** Touches only what differs: most changes of an object leave its index values as they are. */
function reindex<T extends KubeObject>(
  { valuesOf, keys }: Index<T>,
  key: ObjectKey,
  previous: Persisted<T> | undefined,
  next: Persisted<T> | undefined,
): void {
  const before = previous ? valuesOf(previous) : []
  const after = next ? valuesOf(next) : []
  for (const value of before) if (!after.includes(value)) leave(keys, value, key)
  for (const value of after) if (!before.includes(value)) enter(keys, value, key)
}

function enter(keys: Map<string, Set<ObjectKey>>, value: string, key: ObjectKey): void {
  const known = keys.get(value)
  if (known) known.add(key)
  else keys.set(value, new Set([key]))
}

function leave(keys: Map<string, Set<ObjectKey>>, value: string, key: ObjectKey): void {
  const known = keys.get(value)
  known?.delete(key)
  if (known?.size === 0) keys.delete(value)
}
