import type { Kind } from '../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../shared/api/object.ts'
import type { Random } from '../../shared/random.ts'
import type { NodeLossTolerance } from './pods/tolerate-lost-nodes.ts'
import type { ServiceNetwork } from './services/service-network.ts'
import type { StoredObjects } from './stored-objects.ts'
import type { FieldErrors } from './validation/field-errors.ts'
import type { NameRule } from './validation/names.ts'

/**
 * All that is special about one kind. Objects it is given to change are drafts of its own, with the types that the
 * schema asks for and no null in them; `current` is what is stored, frozen.
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  readonly kind: Kind<T>
  readonly nameRule: NameRule
  /** `status` is written by the status area alone. */
  readonly hasStatus: boolean
  /** The status area writes annotations too, without a new generation. */
  readonly statusCarriesAnnotations?: boolean
  /** A new object may bring its status along; otherwise it is dropped. */
  readonly acceptsStatusOnCreate?: boolean
  /** Whoever deletes an object gets it as it was last. Absent: a Status. Clients with types rely on which of them it is. */
  readonly isReturnedWhenGone?: boolean
  /** What a field selector may name besides `metadata.name` and `metadata.namespace`. */
  readonly selectableFields: Readonly<Record<string, (object: T) => string>>
  readonly columns: readonly TableColumn<T>[]

  /** The part of an object whose versions `metadata.generation` counts. Absent: the kind has no generation. */
  generationFrom?(object: T): unknown
  /** Sets what the system decides about a new object, before defaults. */
  prepareForCreate?(object: T, context: WriteContext): void
  /** Settles what other objects decide about a new one, before validation. Throws an ApiError where they refuse it. */
  admit?(object: T, stored: StoredObjects): Promise<void>
  /** Fills in what was left out; the same again changes nothing. */
  applyDefaults?(object: T): void
  /** Sets what the system decides about a changed object, before validation. */
  prepareForUpdate?(object: T, current: Persisted<T>, context: WriteContext): void
  /** Likewise of one whose status alone is written. */
  prepareForStatusUpdate?(object: T, current: Persisted<T>): void

  validate?(object: T, errors: FieldErrors): void
  /** What may only come later. Runs besides `validate`. */
  validateCreate?(object: T, errors: FieldErrors): void
  /** What may not change. Runs besides `validate`. */
  validateUpdate?(object: T, current: Persisted<T>, errors: FieldErrors): void
  validateStatusUpdate?(object: T, current: Persisted<T>, errors: FieldErrors): void
  /** What whoever writes the object is told besides: fields that are accepted but do nothing here. */
  warnings?(object: T): string[]

  /** For kinds whose objects take something from a pool, such as an address. They are created and changed one at a time. */
  readonly allocation?: Allocation<T>

  /** Why the object of this name is to stay; undefined where it may be deleted. */
  whyUndeletable?(name: string): string | undefined
  /** The seconds between a deletion's request and the object's end. Absent: the kind is deleted at once. */
  graceSeconds?(object: Persisted<T>, requested: number | undefined): number
}

export interface WriteContext {
  readonly nowMs: number
  readonly nodeLossTolerance: NodeLossTolerance
}

export interface Allocation<T extends KubeObject> {
  /** What no other object of the kind may have. */
  heldBy(object: T): readonly string[]
  /** Gives a new or changed object, once it is valid, what it lacks. Throws an ApiError where it cannot have what it asks for. */
  allocate(object: T, context: AllocationContext<T>): Promise<void>
}

export interface AllocationContext<T extends KubeObject = KubeObject> {
  /** The object as it is stored. Absent: it is new. */
  readonly current: Persisted<T> | undefined
  readonly random: Random
  readonly serviceNetwork: ServiceNetwork
  /** What all stored objects of the kind hold, but the one of this name. */
  taken(): Promise<ReadonlySet<string>>
}

/** One column of `kubectl get`, as in a Table's `columnDefinitions`. */
export interface TableColumn<T extends KubeObject = KubeObject> {
  readonly name: string
  readonly type: 'string' | 'integer' | 'boolean' | 'date'
  /** `name` marks the column that identifies the row. */
  readonly format?: 'name'
  readonly description: string
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: 0 | 1
  cell(object: Persisted<T>, nowMs: number): string | number | boolean
}

/** A strategy that has lost its object type, for the list of all. */
export function strategy<T extends KubeObject>(of: Strategy<T>): Strategy {
  return of as unknown as Strategy
}
