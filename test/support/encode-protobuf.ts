import { Writer } from 'protobufjs/minimal.js'
import { type FieldSchema, isScalar, typeSchema } from '../../shared/api/schema.ts'

type Json = Record<string, unknown>

/** Kubernetes' protobuf of an object, as Go's clients write it: scalars that are absent are written as zero. */
export function encodeProtobuf(apiVersion: string, kind: string, type: string, object: Json): Buffer {
  const writer = Writer.create()
  bytes(writer, 1, typeMeta(apiVersion, kind))
  bytes(writer, 2, encodeMessage(type, object))
  return Buffer.concat([Buffer.from('k8s\0'), writer.finish()])
}

function typeMeta(apiVersion: string, kind: string): Uint8Array {
  const writer = Writer.create()
  writer.uint32(0x0a).string(apiVersion)
  writer.uint32(0x12).string(kind)
  return writer.finish()
}

export function encodeMessage(type: string, object: Json): Uint8Array {
  const fields = Object.entries(typeSchema(type)).map(([name, schema]) => ({ schema, value: object[name] }))
  return encodeFields(fields, 0)
}

/** `depth`: how many embedded structs these fields are inside of. */
function encodeFields(fields: { schema: FieldSchema; value: unknown }[], depth: number): Uint8Array {
  const writer = Writer.create()
  const groups = new Map<number, typeof fields>()
  for (const field of fields) {
    const path = [field.schema.number].flat()
    const number = path[depth] ?? 0
    if (path.length > depth + 1) groups.set(number, [...(groups.get(number) ?? []), field])
    else encodeField(writer, number, field.schema, field.value)
  }
  for (const [number, inner] of groups) bytes(writer, number, encodeFields(inner, depth + 1))
  return writer.finish()
}

function encodeField(writer: Writer, number: number, schema: FieldSchema, value: unknown): void {
  if (schema.list) {
    for (const item of (value ?? []) as unknown[]) encodeOne(writer, number, schema.type, item)
  } else if (schema.map) {
    for (const [key, item] of Object.entries((value ?? {}) as Json)) {
      const entry = Writer.create()
      entry.uint32(0x0a).string(key)
      encodeOne(entry, 2, schema.type, item)
      bytes(writer, number, entry.finish())
    }
  } else if (value !== undefined) encodeOne(writer, number, schema.type, value)
  else if (!schema.pointer) encodeZero(writer, number, schema.type)
}

function encodeZero(writer: Writer, number: number, type: string): void {
  const zeros: Json = { string: '', int32: 0, int64: 0, bool: false }
  if (type in zeros) encodeOne(writer, number, type, zeros[type])
  if (type === 'time') bytes(writer, number, new Uint8Array())
}

function encodeOne(writer: Writer, number: number, type: string, value: unknown): void {
  const varint = () => writer.uint32(number << 3)
  if (!isScalar(type)) bytes(writer, number, encodeMessage(type, value as Json))
  else if (type === 'string') writer.uint32((number << 3) | 2).string(value as string)
  else if (type === 'int32' || type === 'int64') varint().int64(value as number)
  else if (type === 'bool') varint().bool(value as boolean)
  else if (type === 'double') writer.uint32((number << 3) | 1).double(value as number)
  else if (type === 'bytes') bytes(writer, number, Buffer.from(value as string, 'base64'))
  else bytes(writer, number, encodeWrapped(type, value))
}

function encodeWrapped(type: string, value: unknown): Uint8Array {
  const writer = Writer.create()
  if (type === 'quantity') writer.uint32(0x0a).string(String(value))
  else if (type === 'intOrString' && typeof value === 'number') writer.uint32(0x08).int64(0).uint32(0x10).int32(value)
  else if (type === 'intOrString') writer.uint32(0x08).int64(1).uint32(0x1a).string(String(value))
  else if (type === 'time' || type === 'microTime') encodeTime(writer, String(value))
  else writer.uint32(0x0a).string(JSON.stringify(value))
  return writer.finish()
}

function encodeTime(writer: Writer, text: string): void {
  const micros = Number((/\.(\d{6})/.exec(text) ?? [])[1] ?? 0)
  writer.uint32(0x08).int64(Math.floor(Date.parse(text) / 1000))
  writer.uint32(0x10).int32(micros * 1000)
}

function bytes(writer: Writer, number: number, value: Uint8Array): void {
  writer.uint32((number << 3) | 2).bytes(value)
}
