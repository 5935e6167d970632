import { eachField, ProtobufError, readBytes, readString, type WireField } from './protobuf-reader.ts'
import { readScalar, readScalars } from './protobuf-scalar.ts'
import { type FieldSchema, isScalar, typeSchema } from './schema.ts'

export { ProtobufError }

type Json = Record<string, unknown>

const MAGIC = [0x6b, 0x38, 0x73, 0x00] // "k8s\0"

/** What `application/vnd.kubernetes.protobuf` carries: an object that says of what type it is. */
export interface Envelope {
  readonly apiVersion: string
  readonly kind: string
  /** The object's own message; decode it with `decodeMessage`. */
  readonly raw: Uint8Array
}

/** Opens a `runtime.Unknown`. @throws ProtobufError */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw new ProtobufError('the body does not begin with the prefix of Kubernetes protobuf')
  }
  const envelope = { apiVersion: '', kind: '', raw: new Uint8Array() as Uint8Array }
  eachField(bytes.subarray(MAGIC.length), (field) => {
    if (field.number === 1) Object.assign(envelope, decodeTypeMeta(readBytes(field)))
    else if (field.number === 2) envelope.raw = readBytes(field)
    else return false
    return true
  })
  return envelope
}

function decodeTypeMeta(bytes: Uint8Array): { apiVersion: string; kind: string } {
  const meta = { apiVersion: '', kind: '' }
  eachField(bytes, (field) => {
    if (field.number === 1) meta.apiVersion = readString(field)
    else if (field.number === 2) meta.kind = readString(field)
    else return false
    return true
  })
  return meta
}

/**
 * Reads a message as the JSON of its type in the schema; fields that the schema does not know are left out.
 * Protobuf always writes zero values: they are left out too where Go's JSON would leave them out.
 * @throws ProtobufError
 */
export function decodeMessage(type: string, bytes: Uint8Array): Json {
  return readLevel(layoutOf(type), bytes, {})
}

/** Fields by number. An embedded Go struct is a level of its own, whose fields belong to the outer message's JSON. */
type Level = Map<number, { name: string; schema: FieldSchema } | Level>

const layouts = new Map<string, Level>()

function layoutOf(type: string): Level {
  const known = layouts.get(type)
  if (known) return known
  const layout: Level = new Map()
  for (const [name, schema] of Object.entries(typeSchema(type))) {
    const path = typeof schema.number === 'number' ? [schema.number] : [...schema.number]
    const last = path.pop() ?? 0
    path.reduce(innerLevel, layout).set(last, { name, schema })
  }
  layouts.set(type, layout)
  return layout
}

function innerLevel(level: Level, number: number): Level {
  const existing = level.get(number)
  if (existing instanceof Map) return existing
  const inner: Level = new Map()
  level.set(number, inner)
  return inner
}

function readLevel(level: Level, bytes: Uint8Array, into: Json): Json {
  eachField(bytes, (field) => {
    const target = level.get(field.number)
    if (!target) return false
    if (target instanceof Map) readLevel(target, readBytes(field), into)
    else readField(target.name, target.schema, field, into)
    return true
  })
  return into
}

function readField(name: string, schema: FieldSchema, field: WireField, into: Json): void {
  if (schema.list) {
    into[name] ??= []
    for (const item of readItems(schema.type, field)) (into[name] as unknown[]).push(item)
  } else if (schema.map) {
    // Without a prototype, so that a key like __proto__ is one like any other.
    into[name] ??= Object.create(null)
    const [key, value] = readMapEntry(schema.type, readBytes(field))
    ;(into[name] as Json)[key] = value
  } else {
    const value = readOne(schema.type, field)
    if (value !== undefined && !isLeftOut(schema, value)) into[name] = value
  }
}

function isLeftOut(schema: FieldSchema, value: unknown): boolean {
  return !schema.required && !schema.pointer && (value === '' || value === 0 || value === false)
}

function readOne(type: string, field: WireField): unknown {
  return isScalar(type) ? readScalar(type, field) : decodeMessage(type, readBytes(field))
}

function readItems(type: string, field: WireField): unknown[] {
  return isScalar(type) ? readScalars(type, field) : [decodeMessage(type, readBytes(field))]
}

function readMapEntry(type: string, bytes: Uint8Array): [key: string, value: unknown] {
  let key = ''
  let value: unknown
  eachField(bytes, (field) => {
    if (field.number === 1) key = readString(field)
    else if (field.number === 2) value = readOne(type, field)
    else return false
    return true
  })
  return [key, value ?? '']
}
