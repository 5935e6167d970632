import { attribute, be32, be64, nested, text } from '../netlink/netlink-attributes.ts'
import { encodeVerdict } from './encode-verdict.ts'
import type { Expression, Rule } from './rule.ts'

const LIST_ELEM = 1
const EXPR = { name: 1, data: 2 }
const DATA_VALUE = 1
/** The kernel's number of the first register of 32 bits, and of the one that a verdict goes to. */
const FIRST_REGISTER = 8
const VERDICT_REGISTER = 0

const PAYLOAD = { to: 1, base: 2, offset: 3, bytes: 4 }
const PAYLOAD_BASES = { link: 0, network: 1, transport: 2 }
const META = { to: 1, key: 2, from: 3, etherType: 1, mark: 3, l4proto: 16 }
const CT = { to: 1, key: 2, from: 4, status: 2, mark: 3 }
const NUMGEN = { to: 1, modulus: 2, type: 3, random: 1 }
const BITWISE = { from: 1, to: 2, bytes: 3, mask: 4, xor: 5 }
const COMPARE = { from: 1, operation: 2, value: 3 }
const COMPARISONS = { equal: 0, notEqual: 1 }
const LOOKUP = { set: 1, from: 2, to: 3 }
const DYNSET = { set: 1, operation: 3, key: 4, value: 5, timeoutMs: 6, update: 1, delete: 2 }
const IMMEDIATE = { to: 1, data: 2 }
const FORWARD = { link: 1 }
const NAT = { type: 1, family: 2, address: 3, port: 5, destination: 1, ipv4: 2 }
const REJECT = { type: 1, code: 2 }
const REJECTIONS = { tcpReset: { type: 1, code: 0 }, portUnreachable: { type: 0, code: 3 } }

/** The attributes of the list that is a rule. */
export function encodeRule(rule: Rule): Buffer {
  return Buffer.concat(rule.map(encodeExpression))
}

/** What the kernel must have for it, by the kernel's names. */
export function expressionNames(rule: Rule): string[] {
  return [...new Set(rule.map((expression) => described(expression)[0]))]
}

function encodeExpression(expression: Expression): Buffer {
  const [name, ...attributes] = described(expression)
  return nested(LIST_ELEM, text(EXPR.name, name), nested(EXPR.data, ...attributes))
}

/** The kernel's name of an expression, and its attributes. */
function described(expression: Expression): [string, ...Buffer[]] {
  switch (expression.type) {
    case 'payload': {
      const base = be32(PAYLOAD.base, PAYLOAD_BASES[expression.base])
      const range = [be32(PAYLOAD.offset, expression.offset), be32(PAYLOAD.bytes, expression.bytes)]
      return ['payload', register(PAYLOAD.to, expression.to), base, ...range]
    }
    case 'etherType':
      return ['meta', be32(META.key, META.etherType), register(META.to, expression.to)]
    case 'protocol':
      return ['meta', be32(META.key, META.l4proto), register(META.to, expression.to)]
    case 'connectionStatus':
      return ['ct', be32(CT.key, CT.status), register(CT.to, expression.to)]
    case 'connectionMark':
      return ['ct', be32(CT.key, CT.mark), register(CT.to, expression.to)]
    case 'setConnectionMark':
      return ['ct', be32(CT.key, CT.mark), register(CT.from, expression.from)]
    case 'packetMark':
      return ['meta', be32(META.key, META.mark), register(META.to, expression.to)]
    case 'setPacketMark':
      return ['meta', be32(META.key, META.mark), register(META.from, expression.from)]
    case 'value':
      return ['immediate', register(IMMEDIATE.to, expression.to), data(IMMEDIATE.data, expression.value)]
    case 'random': {
      const kind = [be32(NUMGEN.modulus, expression.below), be32(NUMGEN.type, NUMGEN.random)]
      return ['numgen', register(NUMGEN.to, expression.to), ...kind]
    }
    case 'mask': {
      const { at, mask } = expression
      const registers = [register(BITWISE.from, at), register(BITWISE.to, at), be32(BITWISE.bytes, mask.length)]
      return ['bitwise', ...registers, data(BITWISE.mask, mask), data(BITWISE.xor, Buffer.alloc(mask.length))]
    }
    case 'compare': {
      const operation = be32(COMPARE.operation, COMPARISONS[expression.is])
      return ['cmp', register(COMPARE.from, expression.from), operation, data(COMPARE.value, expression.value)]
    }
    case 'lookup': {
      const { set, from, to } = expression
      const target = to === 'verdict' ? be32(LOOKUP.to, VERDICT_REGISTER) : to !== undefined && register(LOOKUP.to, to)
      return ['lookup', text(LOOKUP.set, set), register(LOOKUP.from, from), ...(target ? [target] : [])]
    }
    case 'keep':
      return [
        'dynset',
        ...dynset(expression, DYNSET.update),
        be64(DYNSET.timeoutMs, BigInt(expression.seconds) * 1000n),
      ]
    case 'forget':
      return ['dynset', ...dynset(expression, DYNSET.delete)]
    case 'verdict':
      return ['immediate', be32(IMMEDIATE.to, VERDICT_REGISTER), encodeVerdict(IMMEDIATE.data, expression.verdict)]
    case 'forward':
      return ['fwd', register(FORWARD.link, expression.link)]
    case 'destinationNat': {
      const registers = [register(NAT.address, expression.address), register(NAT.port, expression.port)]
      return ['nat', be32(NAT.type, NAT.destination), be32(NAT.family, NAT.ipv4), ...registers]
    }
    case 'masquerade':
      return ['masq']
    case 'notrack':
      return ['notrack']
    case 'reject': {
      const { type, code } = REJECTIONS[expression.with]
      return ['reject', be32(REJECT.type, type), attribute(REJECT.code, Buffer.of(code))]
    }
  }
}

/** The kernel wants to know where the value is, also where it is not used. */
function dynset({ set, key, value }: { set: string; key: number; value: number }, operation: number): Buffer[] {
  const element = [register(DYNSET.key, key), register(DYNSET.value, value)]
  return [text(DYNSET.set, set), be32(DYNSET.operation, operation), ...element]
}

function register(type: number, number: number): Buffer {
  return be32(type, FIRST_REGISTER + number)
}

function data(type: number, value: Buffer): Buffer {
  return nested(type, attribute(DATA_VALUE, value))
}
