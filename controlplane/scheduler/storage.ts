import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../shared/api/kinds.ts'
import { keyOf, type ObjectKey, type Persisted } from '../../shared/api/object.ts'

type StorageObject = Persisted<PersistentVolume> | Persisted<PersistentVolumeClaim> | Persisted<StorageClass>

/** Claims, volumes and classes as the API shows them. */
export interface StorageView {
  /** By `namespace/name`. */
  claim(key: ObjectKey): Persisted<PersistentVolumeClaim> | undefined
  volume(name: string): Persisted<PersistentVolume> | undefined
  storageClass(name: string): Persisted<StorageClass> | undefined
  volumes(): readonly Persisted<PersistentVolume>[]
}

/** `onChange` hears of every change, after it shows here. */
export class Storage implements StorageView {
  readonly #onChange: () => void
  readonly #claims = new Map<ObjectKey, Persisted<PersistentVolumeClaim>>()
  readonly #volumes = new Map<string, Persisted<PersistentVolume>>()
  readonly #classes = new Map<string, Persisted<StorageClass>>()

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  claim(key: ObjectKey): Persisted<PersistentVolumeClaim> | undefined {
    return this.#claims.get(key)
  }

  volume(name: string): Persisted<PersistentVolume> | undefined {
    return this.#volumes.get(name)
  }

  storageClass(name: string): Persisted<StorageClass> | undefined {
    return this.#classes.get(name)
  }

  volumes(): readonly Persisted<PersistentVolume>[] {
    return [...this.#volumes.values()]
  }

  setClaim(type: ChangeType, claim: Persisted<PersistentVolumeClaim>): void {
    this.#set(this.#claims, type, claim)
  }

  setVolume(type: ChangeType, volume: Persisted<PersistentVolume>): void {
    this.#set(this.#volumes, type, volume)
  }

  setClass(type: ChangeType, storageClass: Persisted<StorageClass>): void {
    this.#set(this.#classes, type, storageClass)
  }

  #set<T extends StorageObject>(objects: Map<ObjectKey, T>, type: ChangeType, object: T): void {
    if (type === 'deleted') objects.delete(keyOf(object))
    else objects.set(keyOf(object), object)
    this.#onChange()
  }
}

type ChangeType = 'added' | 'updated' | 'deleted'
