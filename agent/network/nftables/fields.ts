import type { Field } from './table.ts'

/** nft's numbers for its data types: the kernel keeps them for who lists the rules. */
const TYPES: Readonly<Record<Field, number>> = {
  ...{ ipv4_addr: 7, inet_proto: 12, inet_service: 13, mark: 19, iface_index: 20 },
}
const TYPE_BITS = 6
const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 }

/** A register's size: each field of a key begins a new one. */
export const FIELD_BYTES = 4

export function typeOf(fields: readonly Field[]): number {
  return fields.reduce((type, field) => (type << TYPE_BITS) | TYPES[field], 0)
}

/** `10.43.0.10 . udp . 53` in the bytes of registers. Throws a RangeError for what does not fit the fields. */
export function encodeFields(fields: readonly Field[], text: string): Buffer {
  const bytes = Buffer.alloc(fields.length * FIELD_BYTES)
  const parts = text.split(' . ')
  if (parts.length !== fields.length) throw new RangeError(`"${text}" is no ${fields.join(' . ')}`)
  fields.forEach((field, index) => {
    writeField(bytes, index * FIELD_BYTES, field, parts[index] ?? '')
  })
  return bytes
}

function writeField(bytes: Buffer, at: number, field: Field, text: string): void {
  switch (field) {
    case 'ipv4_addr':
      writeAddress(bytes, at, text)
      return
    case 'inet_proto':
      bytes.writeUInt8(PROTOCOLS[text] ?? numberOf(text), at)
      return
    case 'inet_service':
      bytes.writeUInt16BE(numberOf(text), at)
      return
    case 'mark':
    case 'iface_index':
      // A number of the kernel's own, in the machine's byte order.
      bytes.writeUInt32LE(numberOf(text), at)
  }
}

function writeAddress(bytes: Buffer, at: number, text: string): void {
  const parts = text.split('.')
  if (parts.length !== 4) throw new RangeError(`"${text}" is no IPv4 address`)
  parts.forEach((part, index) => {
    bytes.writeUInt8(numberOf(part), at + index)
  })
}

function numberOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`"${text}" is no number`)
  return Number(text)
}
