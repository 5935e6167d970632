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
    for (const [key, object] of this.#objects) enter(index, key, object)
  }

  set(object: Persisted<T>): void {
    const key = keyOf(object)
    this.delete(key)
    this.#objects.set(key, object)
    for (const index of this.#indexes.values()) enter(index, key, object)
  }

  delete(key: ObjectKey): void {
    const object = this.#objects.get(key)
    if (!object) return
    for (const index of this.#indexes.values()) leave(index, key, object)
    this.#objects.delete(key)
  }
}

function enter<T extends KubeObject>(index: Index<T>, key: ObjectKey, object: Persisted<T>): void {
  for (const value of index.valuesOf(object)) {
    const keys = index.keys.get(value)
    if (keys) keys.add(key)
    else index.keys.set(value, new Set([key]))
  }
}

function leave<T extends KubeObject>(index: Index<T>, key: ObjectKey, object: Persisted<T>): void {
  for (const value of index.valuesOf(object)) {
    const keys = index.keys.get(value)
    keys?.delete(key)
    if (keys?.size === 0) index.keys.delete(value)
  }
}
