import { microTimestamp, timestamp } from '../clock.ts'
import {
  eachField,
  expectWireType,
  nextInteger,
  ProtobufError,
  readBytes,
  readInteger,
  readString,
  WIRE,
  type WireField,
} from './protobuf-reader.ts'
import type { Scalar } from './schema.ts'

/** The JSON form of a scalar of the schema; undefined for the zero time, which JSON leaves out. */
export function readScalar(type: Scalar, field: WireField): unknown {
  switch (type) {
    case 'string':
      return readString(field)
    case 'int32':
    case 'int64':
      return readInteger(field)
    case 'bool':
      return readInteger(field) !== 0
    case 'double':
      return expectWireType(field, WIRE.fixed64).double()
    case 'bytes':
      return Buffer.from(readBytes(field)).toString('base64')
    case 'quantity':
      return readOnly(readBytes(field), readString) ?? '0'
    case 'intOrString':
      return readIntOrString(readBytes(field))
    case 'time':
    case 'microTime':
      return readTime(type, readBytes(field))
    case 'raw':
    case 'fieldsV1':
      return parseJson(readOnly(readBytes(field), readBytes))
    case 'stringList':
      return readStrings(readBytes(field))
  }
}

/** Numbers in a list may come one by one or packed into one field. */
export function readScalars(type: Scalar, field: WireField): unknown[] {
  const isPacked = field.wireType === WIRE.lengthDelimited && ['int32', 'int64', 'bool'].includes(type)
  if (!isPacked) return [readScalar(type, field)]
  const { reader } = field
  const end = reader.uint32() + reader.pos
  const items: unknown[] = []
  while (reader.pos < end) items.push(type === 'bool' ? nextInteger(reader) !== 0 : nextInteger(reader))
  return items
}

/** Field 1 of a message that has no other. */
function readOnly<T>(bytes: Uint8Array, read: (field: WireField) => T): T | undefined {
  let value: T | undefined
  eachField(bytes, (field) => {
    if (field.number !== 1) return false
    value = read(field)
    return true
  })
  return value
}

function readIntOrString(bytes: Uint8Array): number | string {
  const parts = { isString: false, integer: 0, text: '' }
  eachField(bytes, (field) => {
    if (field.number === 1) parts.isString = readInteger(field) === 1
    else if (field.number === 2) parts.integer = readInteger(field)
    else if (field.number === 3) parts.text = readString(field)
    else return false
    return true
  })
  return parts.isString ? parts.text : parts.integer
}

/** Years 0 to 9999, which is what RFC 3339 can write. */
const FIRST_SECOND = -62_167_219_200
const LAST_SECOND = 253_402_300_799

function readTime(type: 'time' | 'microTime', bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined
  const time = { seconds: 0, nanos: 0 }
  eachField(bytes, (field) => {
    if (field.number === 1) time.seconds = readInteger(field)
    else if (field.number === 2) time.nanos = readInteger(field)
    else return false
    return true
  })
  const { seconds, nanos } = time
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos >= 1e9) {
    throw new ProtobufError(`time out of range: ${seconds} s ${nanos} ns`)
  }
  if (type === 'time') return timestamp(seconds * 1000)
  const micros = String(Math.floor(nanos / 1000)).padStart(6, '0')
  return microTimestamp(seconds * 1000).replace('.000000Z', `.${micros}Z`)
}

function readStrings(bytes: Uint8Array): string[] {
  const items: string[] = []
  eachField(bytes, (field) => {
    if (field.number !== 1) return false
    items.push(readString(field))
    return true
  })
  return items
}

function parseJson(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(bytes ?? []).toString())
  } catch {
    throw new ProtobufError('a field that holds JSON does not')
  }
}
