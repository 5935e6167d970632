import { stringify } from 'yaml'
import type { Entry, EntryList } from '../../registry/registry.ts'
import type { Rendering } from './rendering.ts'
import { headOfList, shapeEntry, shapeList } from './shape.ts'

type Piece = Uint8Array | string

/** The body of an answer with one object. Its JSON is the entry's own where nothing must be changed. */
export function entryPieces(rendering: Rendering, entry: Entry): Iterable<Piece> {
  const shaped = shapeEntry(rendering, entry)
  if (shaped !== entry) return [encodeValue(rendering, shaped)]
  return isPlain(rendering) ? [entry.json] : [encodeValue(rendering, entry.object)]
}

/** What is written at once of a long list: it need not be copied as a whole, and few turns are waited for its client. */
const BLOCK_BYTES = 256 * 1024

/** The body of a list, in blocks of some items each. */
export function listPieces(rendering: Rendering, list: EntryList): Iterable<Piece> {
  const shaped = shapeList(rendering, list)
  if (shaped !== list) return [encodeValue(rendering, shaped)]
  if (isPlain(rendering)) return plainList(rendering, list)
  return [encodeValue(rendering, { ...headOfList(rendering, list), items: list.entries.map(({ object }) => object) })]
}

export function encodeValue(
  { representation, isPretty }: Pick<Rendering, 'representation' | 'isPretty'>,
  value: object,
): string {
  if (representation.format === 'yaml') return stringify(value, { version: '1.1', aliasDuplicateObjects: false })
  return `${JSON.stringify(value, null, isPretty ? 2 : undefined)}\n`
}

function isPlain({ representation, isPretty }: Rendering): boolean {
  return representation.format === 'json' && !isPretty
}

function* plainList(rendering: Rendering, list: EntryList): Generator<Piece> {
  let block: Uint8Array[] = [Buffer.from(`${JSON.stringify(headOfList(rendering, list)).slice(0, -1)},"items":[`)]
  let size = 0
  for (const [index, { json }] of list.entries.entries()) {
    if (size >= BLOCK_BYTES) {
      yield Buffer.concat(block)
      block = []
      size = 0
    }
    if (index > 0) block.push(COMMA)
    block.push(json)
    size += json.byteLength
  }
  block.push(END_OF_LIST)
  yield Buffer.concat(block)
}

const COMMA = Buffer.from(',')
const END_OF_LIST = Buffer.from(']}\n')
