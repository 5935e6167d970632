import { type KubeObject, keyOf, type ObjectKey, type Persisted } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Informer } from '../../reconcile/informer.ts'

interface Write {
  readonly kind: 'creation' | 'update' | 'deletion'
  readonly key: ObjectKey
  readonly uid: string
  /** Of what was written. */
  readonly revision: number
  readonly atMs: number
}

/** A creation that is undone before it was ever shown would else be waited for without end. */
const TIMEOUT_MS = 10_000

/**
 * What a controller wrote for each of its keys, until its informer shows it. A controller that puts several objects
 * together to one must not decide by a copy that lacks its own last word: it would say the same again in another place.
 */
export class UnseenWrites<T extends KubeObject> {
  readonly #informer: Informer<T>
  readonly #clock: Clock
  readonly #open = new Map<ObjectKey, Write[]>()

  constructor(informer: Informer<T>, clock: Clock) {
    this.#informer = informer
    this.#clock = clock
  }

  noteCreation(owner: ObjectKey, object: Persisted<T>): void {
    this.#note(owner, 'creation', object)
  }

  noteUpdate(owner: ObjectKey, object: Persisted<T>): void {
    this.#note(owner, 'update', object)
  }

  noteDeletion(owner: ObjectKey, object: Persisted<T>): void {
    this.#note(owner, 'deletion', object)
  }

  /** 0 where the informer shows all, else how long it is waited for at most. */
  remainingMs(owner: ObjectKey): number {
    const nowMs = this.#clock.monotonic()
    const open =
      this.#open.get(owner)?.filter((write) => nowMs - write.atMs < TIMEOUT_MS && !this.#isShown(write)) ?? []
    if (open.length > 0) this.#open.set(owner, open)
    else this.#open.delete(owner)
    return Math.max(0, ...open.map(({ atMs }) => atMs + TIMEOUT_MS - nowMs))
  }

  #note(owner: ObjectKey, kind: Write['kind'], object: Persisted<T>): void {
    const { uid, resourceVersion } = object.metadata
    const write = { kind, key: keyOf(object), uid, revision: Number(resourceVersion), atMs: this.#clock.monotonic() }
    this.#open.set(owner, [...(this.#open.get(owner) ?? []), write])
  }

  #isShown({ kind, key, uid, revision }: Write): boolean {
    const shown = this.#informer.get(key)?.metadata
    if (kind === 'deletion') return shown?.uid !== uid
    // What was there before the write and is not any more was deleted after it.
    return shown ? Number(shown.resourceVersion) >= revision : kind === 'update'
  }
}
