import { be32, nested, text } from '../netlink/netlink-attributes.ts'
import type { NetlinkRequest } from '../netlink/netlink-client.ts'
import { MODIFIERS } from '../netlink/netlink-message.ts'
import { encodeAdditions, encodeDeletions } from './encode-elements.ts'
import { encodeRule, expressionNames } from './encode-rule.ts'
import { FIELD_BYTES, typeOf } from './fields.ts'
import type { Chain, ChainHook, SetDefinition, TableChange, TableFrame, TableName } from './table.ts'
import { tableMessage } from './table-message.ts'

const TABLE_NAME = 1
const NEWTABLE = 0
const DELTABLE = 2
const NEWCHAIN = 3
const DELCHAIN = 5
const NEWRULE = 6
const NEWSET = 9

const CHAIN = { table: 1, name: 3, hook: 4, type: 7 }
const HOOK = { number: 1, priority: 2, link: 3 }
/** Numbers of the family `ip`, and the only one of `netdev`. */
const HOOKS = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4, ingress: 0 }
const RULE = { table: 1, chain: 2, expressions: 4 }
const SET = {
  table: 1,
  name: 2,
  flags: 3,
  keyType: 4,
  keyBytes: 5,
  valueType: 6,
  valueBytes: 7,
  description: 9,
  id: 10,
}
const DESCRIPTION = { size: 1 }
const SET_FLAGS = { map: 0x8, timeout: 0x10, dynamic: 0x20 }
const VERDICT_TYPE = 0xffffff00

/** The messages of a transaction that makes the table anew, with nothing but this in it. */
export function encodeTable(frame: TableFrame, contents: TableChange): NetlinkRequest[] {
  return [
    ...encodeRemoval(frame),
    newTable(frame),
    ...frame.sets.map((set, index) => encodeSet(frame, set, index + 1)),
    ...[...frame.chains, ...contents.addedChains].flatMap((chain) => encodeChain(frame, chain)),
    ...encodeAdditions(frame, contents.addedElements),
  ]
}

/** The messages of a transaction after which there is no such table. */
export function encodeRemoval(table: TableName): NetlinkRequest[] {
  // Only what is there can be deleted.
  const { name, family } = table
  return [newTable(table), tableMessage({ type: DELTABLE, family, attributes: [text(TABLE_NAME, name)] })]
}

/** The messages of a transaction that changes the table of a frame that is there. */
export function encodeChange(frame: TableFrame, change: TableChange): NetlinkRequest[] {
  return [
    ...change.addedChains.flatMap((chain) => encodeChain(frame, chain)),
    ...encodeDeletions(frame, change.deletedElements),
    ...encodeAdditions(frame, change.addedElements),
    ...change.deletedChains.map((name) => {
      const attributes = [text(CHAIN.table, frame.name), text(CHAIN.name, name)]
      return tableMessage({ type: DELCHAIN, family: frame.family, attributes })
    }),
  ]
}

function newTable({ name, family }: TableName): NetlinkRequest {
  return tableMessage({ type: NEWTABLE, family, flags: MODIFIERS.create, attributes: [text(TABLE_NAME, name)] })
}

function encodeSet(frame: TableFrame, set: SetDefinition, id: number): NetlinkRequest {
  const { name, key, value, isDynamic, size } = set
  const flags = (value ? SET_FLAGS.map : 0) | (isDynamic ? SET_FLAGS.dynamic | SET_FLAGS.timeout : 0)
  const attributes = [
    text(SET.table, frame.name),
    text(SET.name, name),
    be32(SET.flags, flags),
    be32(SET.keyType, typeOf(key)),
    be32(SET.keyBytes, key.length * FIELD_BYTES),
    be32(SET.id, id),
  ]
  if (value === 'verdict') attributes.push(be32(SET.valueType, VERDICT_TYPE), be32(SET.valueBytes, 0))
  else if (value) attributes.push(be32(SET.valueType, typeOf(value)), be32(SET.valueBytes, value.length * FIELD_BYTES))
  if (size !== undefined) attributes.push(nested(SET.description, be32(DESCRIPTION.size, size)))
  const about = `${value ? 'map' : 'set'} ${name}`
  return tableMessage({ type: NEWSET, family: frame.family, flags: MODIFIERS.create, attributes, about })
}

function encodeChain({ name: table, family }: TableFrame, { name, hook, rules }: Chain): NetlinkRequest[] {
  const attributes = [text(CHAIN.table, table), text(CHAIN.name, name)]
  if (hook) attributes.push(encodeHook(hook), text(CHAIN.type, hook.type))
  const encoded = rules.map((rule) => {
    const where = [text(RULE.table, table), text(RULE.chain, name)]
    const flags = MODIFIERS.create | MODIFIERS.append
    const content = [...where, nested(RULE.expressions, encodeRule(rule))]
    const about = `a rule of chain ${name} with ${expressionNames(rule).join(', ')}`
    return tableMessage({ type: NEWRULE, family, flags, attributes: content, about })
  })
  const about = `chain ${name}${hook ? ` of type ${hook.type} at ${hook.at}` : ''}`
  return [tableMessage({ type: NEWCHAIN, family, flags: MODIFIERS.create, attributes, about }), ...encoded]
}

function encodeHook(hook: ChainHook): Buffer {
  const place = [be32(HOOK.number, HOOKS[hook.at]), be32(HOOK.priority, hook.priority >>> 0)]
  if (hook.at === 'ingress') place.push(text(HOOK.link, hook.link))
  return nested(CHAIN.hook, ...place)
}
