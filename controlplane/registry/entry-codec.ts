import { apiVersionOf, type Kind } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import type { Stored, StoreEvent } from '../store/store.ts'
import { deepFreeze } from './deep-freeze.ts'
import type { Entry } from './registry.ts'

/*
 * What is stored is the object's JSON without its resourceVersion, which only the store knows. Stored JSON always
 * begins with kind, apiVersion and the brace of metadata, so the resourceVersion is put in by joining bytes.
 */

const entries = new WeakMap<Stored, Entry>()
const farewells = new WeakMap<StoreEvent, Entry>()

/** The bytes to store for an object. */
export function encode(kind: Kind, object: KubeObject): Uint8Array {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object
  const { resourceVersion: _resourceVersion, ...meta } = metadata
  const whole = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata: meta, ...rest }
  return new TextEncoder().encode(JSON.stringify(whole))
}

/** The one entry of a stored version. */
export function entryOf(kind: Kind, stored: Stored): Entry {
  return cached(entries, stored, () => new LazyEntry(kind, stored.value, stored.revision))
}

/** What was before `event`, with the event's revision: what watchers see when an object leaves them. */
export function farewellOf(kind: Kind, event: StoreEvent, previous: Stored): Entry {
  return cached(farewells, event, () => new LazyEntry(kind, previous.value, event.revision))
}

/** An entry that is not in the store: the outcome of a dry run. Revision 0 means none. */
export function detachedEntry(kind: Kind, value: Uint8Array, revision: number): Entry {
  return new LazyEntry(kind, value, revision)
}

/**
 * Makes the JSON, and the object from it, when asked for. Both are several times as large as what is stored, and of most
 * versions in the event log nobody wants them again: they stay while somebody uses them or memory is left.
 */
class LazyEntry implements Entry {
  readonly revision: number
  readonly #kind: Kind
  readonly #value: Uint8Array
  #json: WeakRef<Uint8Array> | undefined
  #object: WeakRef<Persisted<KubeObject>> | undefined

  constructor(kind: Kind, value: Uint8Array, revision: number) {
    this.#kind = kind
    this.#value = value
    this.revision = revision
  }

  get json(): Uint8Array {
    if (!this.revision) return this.#value
    const held = this.#json?.deref()
    if (held) return held
    const made = withRevision(this.#kind, this.#value, this.revision)
    this.#json = new WeakRef(made)
    return made
  }

  get object(): Persisted<KubeObject> {
    const held = this.#object?.deref()
    if (held) return held
    const made = deepFreeze(JSON.parse(Buffer.from(this.json).toString()) as Persisted<KubeObject>)
    this.#object = new WeakRef(made)
    return made
  }
}

function withRevision(kind: Kind, value: Uint8Array, revision: number): Uint8Array {
  const at = JSON.stringify({ kind: kind.kind, apiVersion: apiVersionOf(kind), metadata: {} }).length - '}}'.length
  return Buffer.concat([value.subarray(0, at), Buffer.from(`"resourceVersion":"${revision}",`), value.subarray(at)])
}

function cached<K extends object>(cache: WeakMap<K, Entry>, key: K, make: () => Entry): Entry {
  let entry = cache.get(key)
  if (!entry) {
    entry = make()
    cache.set(key, entry)
  }
  return entry
}
