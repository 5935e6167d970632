import { attribute, nested, text } from '../netlink/netlink-attributes.ts'
import type { NetlinkRequest } from '../netlink/netlink-client.ts'
import { MODIFIERS } from '../netlink/netlink-message.ts'
import { encodeVerdict } from './encode-verdict.ts'
import { encodeFields } from './fields.ts'
import type { Elements, SetDefinition, TableFrame, TableName } from './table.ts'
import { tableMessage } from './table-message.ts'

const NEWSETELEM = 12
const DELSETELEM = 14
const LIST = { table: 1, set: 2, elements: 3 }
const LIST_ELEM = 1
const ELEMENT = { key: 1, value: 2 }
const DATA_VALUE = 1
/** An attribute counts its bytes in 16 bits; this leaves room for the last element. */
const MAX_LIST_BYTES = 0xff00

export function encodeAdditions(frame: TableFrame, elements: Elements): NetlinkRequest[] {
  return [...elements].flatMap(([name, added]) => {
    const set = setOf(frame, name)
    const encoded = Array.from(added, ([key, value]) => encodeElement(set, key, value))
    return elementMessages(frame, name, encoded)
  })
}

/** The messages that add these elements, encoded already. */
export function elementMessages(table: TableName, set: string, elements: readonly Buffer[]): NetlinkRequest[] {
  return inMessages({ type: NEWSETELEM, flags: MODIFIERS.create }, table, set, elements)
}

export function encodeDeletions(frame: TableFrame, keys: ReadonlyMap<string, readonly string[]>): NetlinkRequest[] {
  return [...keys].flatMap(([name, deleted]) => {
    const set = setOf(frame, name)
    const encoded = deleted.map((key) => nested(LIST_ELEM, encodeKey(set, key)))
    return inMessages({ type: DELSETELEM }, frame, name, encoded)
  })
}

function setOf(frame: TableFrame, name: string): SetDefinition {
  const set = frame.sets.find((candidate) => candidate.name === name)
  if (!set) throw new RangeError(`there is no set ${name} in the table ${frame.name}`)
  return set
}

function encodeElement(set: SetDefinition, key: string, value: string): Buffer {
  const encodedKey = encodeKey(set, key)
  if (set.value === undefined) return nested(LIST_ELEM, encodedKey)
  if (set.value === 'verdict') return nested(LIST_ELEM, encodedKey, encodeVerdict(ELEMENT.value, value))
  return nested(LIST_ELEM, encodedKey, data(ELEMENT.value, encodeFields(set.value, value)))
}

function encodeKey(set: SetDefinition, key: string): Buffer {
  return data(ELEMENT.key, encodeFields(set.key, key))
}

function data(type: number, value: Buffer): Buffer {
  return nested(type, attribute(DATA_VALUE, value))
}

/** As few messages as can hold them. */
function inMessages(
  kind: { type: number; flags?: number },
  { name, family }: TableName,
  set: string,
  elements: readonly Buffer[],
): NetlinkRequest[] {
  const lists: Buffer[][] = []
  let room = 0
  for (const element of elements) {
    if (element.length > room) {
      lists.push([])
      room = MAX_LIST_BYTES
    }
    lists.at(-1)?.push(element)
    room -= element.length
  }
  const where = [text(LIST.table, name), text(LIST.set, set)]
  return lists.map((list) => tableMessage({ ...kind, family, attributes: [...where, nested(LIST.elements, ...list)] }))
}
