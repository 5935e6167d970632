import type { Kind } from '../../shared/api/kinds.ts'
import { type KubeObject, keyOf, type ObjectKey, type Persisted } from '../../shared/api/object.ts'
import type { Logger } from '../../shared/log.ts'
import type { Change } from './controller.ts'
import { IndexedCache } from './indexed-cache.ts'
import type { Informer, Informers } from './informer.ts'
import { type ReflectorDeps, type ReflectorTarget, reflect } from './reflector.ts'

type Listener<T extends KubeObject> = (change: Change<T>) => void

class SharedInformer<T extends KubeObject> implements Informer<T>, ReflectorTarget<T> {
  readonly #cache = new IndexedCache<T>()
  readonly #listeners = new Set<Listener<T>>()
  readonly #log: Logger
  #settle: { resolve: () => void; reject: (reason: unknown) => void } | undefined
  /** Rejects where `stop` came before the first list. */
  readonly whenSynced: Promise<void>
  synced = false

  constructor(log: Logger) {
    this.#log = log
    this.whenSynced = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.whenSynced.catch(() => undefined) // nobody has to wait
  }

  stop(reason: unknown): void {
    this.#settle?.reject(reason)
  }

  get(key: ObjectKey): Persisted<T> | undefined {
    return this.#cache.get(key)
  }

  list(namespace?: string): readonly Persisted<T>[] {
    return this.#cache.list(namespace)
  }

  byIndex(index: string, value: string): readonly Persisted<T>[] {
    return this.#cache.byIndex(index, value)
  }

  addIndex(name: string, valuesOf: (object: Persisted<T>) => readonly string[]): void {
    this.#cache.addIndex(name, valuesOf)
  }

  onChange(listener: Listener<T>): () => void {
    for (const object of this.#cache.list()) this.#call(listener, { type: 'added', object })
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  replace(objects: readonly Persisted<T>[]): void {
    const gone = new Set(this.#cache.keys())
    for (const object of objects) {
      gone.delete(keyOf(object))
      this.put(object)
    }
    for (const key of gone) {
      const object = this.#cache.get(key)
      if (object) this.remove(object)
    }
    this.synced = true
    this.#settle?.resolve()
  }

  put(object: Persisted<T>): void {
    let previous = this.#cache.get(keyOf(object))
    if (previous?.metadata.resourceVersion === object.metadata.resourceVersion) return
    if (previous && previous.metadata.uid !== object.metadata.uid) {
      // Deleted and made anew while nobody looked: to listeners these are two objects.
      this.remove(previous)
      previous = undefined
    }
    this.#cache.set(object)
    this.#notify(previous ? { type: 'updated', object, previous } : { type: 'added', object })
  }

  remove(object: Persisted<T>): void {
    if (!this.#cache.get(keyOf(object))) return
    this.#cache.delete(keyOf(object))
    this.#notify({ type: 'deleted', object })
  }

  #notify(change: Change<T>): void {
    for (const listener of [...this.#listeners]) this.#call(listener, change)
  }

  #call(listener: Listener<T>, change: Change<T>): void {
    try {
      listener(change)
    } catch (error) {
      this.#log.error({ err: error, key: keyOf(change.object), change: change.type }, 'informer listener failed')
    }
  }
}

/** Informers that list and watch through `client`; nothing is read before `start`. */
export function createInformers(deps: ReflectorDeps): Informers {
  const informers = new Map<string, { informer: SharedInformer<KubeObject>; run(signal: AbortSignal): void }>()
  let running: AbortSignal | undefined

  function create<T extends KubeObject>(kind: Kind<T>) {
    const informer = new SharedInformer<T>(deps.log)
    const run = (signal: AbortSignal) => {
      if (signal.aborted) informer.stop(signal.reason)
      // A signal of its own: Node warns of a leak where many listen to one.
      else void reflect(kind, informer, deps, AbortSignal.any([signal]))
    }
    return { informer: informer as unknown as SharedInformer<KubeObject>, run }
  }

  return {
    of<T extends KubeObject>(kind: Kind<T>): Informer<T> {
      let entry = informers.get(kind.type)
      if (!entry) {
        entry = create(kind)
        informers.set(kind.type, entry)
        if (running) entry.run(running)
      }
      return entry.informer as unknown as Informer<T>
    },
    start(signal) {
      if (running) throw new Error('the informers are running already')
      running = signal
      for (const { run } of informers.values()) run(signal)
      const stopAll = () => {
        for (const { informer } of informers.values()) informer.stop(signal.reason)
      }
      signal.addEventListener('abort', stopAll, { once: true })
    },
    async whenSynced() {
      await Promise.all([...informers.values()].map(({ informer }) => informer.whenSynced))
    },
  }
}
