import { Reader } from 'protobufjs/minimal.js'
import { messageOf } from '../error-message.ts'

/** Bytes that are not what they claim to be. */
export class ProtobufError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProtobufError'
  }
}

export const WIRE = { varint: 0, fixed64: 1, lengthDelimited: 2 } as const

/** Long out of use, and skipped by recursion, however deep they nest. */
const GROUPS = [3, 4]

/** One field of a message, as the reader stands before its value. */
export interface WireField {
  readonly number: number
  readonly wireType: number
  readonly reader: Reader
}

/**
 * Calls `visit` for each field of a message in turn; where it returns false, the field is skipped.
 * @throws ProtobufError for anything that is no protobuf
 */
export function eachField(bytes: Uint8Array, visit: (field: WireField) => boolean): void {
  const reader = Reader.create(bytes)
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32()
      const field = { number: tag >>> 3, wireType: tag & 7, reader }
      if (GROUPS.includes(field.wireType)) throw new ProtobufError('groups are not read')
      if (!visit(field)) reader.skipType(field.wireType)
    }
  } catch (error) {
    if (error instanceof ProtobufError) throw error
    throw new ProtobufError(`cannot read the message: ${messageOf(error)}`)
  }
}

export function expectWireType(field: WireField, wireType: number): Reader {
  if (field.wireType === wireType) return field.reader
  throw new ProtobufError(`field ${field.number} has the wire type ${field.wireType}, not ${wireType}`)
}

/** The bytes of a string, a byte string or a message. */
export function readBytes(field: WireField): Uint8Array {
  return expectWireType(field, WIRE.lengthDelimited).bytes()
}

export function readString(field: WireField): string {
  return expectWireType(field, WIRE.lengthDelimited).string()
}

export function readInteger(field: WireField): number {
  return nextInteger(expectWireType(field, WIRE.varint))
}

/** protobufjs gives a number, or a Long where that library is there. */
export function nextInteger(reader: Reader): number {
  const number = Number(String(reader.int64()))
  if (!Number.isSafeInteger(number)) throw new ProtobufError(`integer out of range: ${number}`)
  return number
}
