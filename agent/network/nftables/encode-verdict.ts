import { be32, nested, text } from '../netlink/netlink-attributes.ts'
import type { Verdict } from './rule.ts'

const DATA_VERDICT = 2
const VERDICT = { code: 1, chain: 2 }
const CODES: Readonly<Record<string, number>> = { drop: 0, accept: 1, jump: -3, goto: -4, return: -5 }

/** The attribute that holds a verdict, of a rule or of an element. Throws a RangeError for one that is none. */
export function encodeVerdict(type: number, verdict: Verdict): Buffer {
  const [word = '', chain] = verdict.split(' ')
  const code = CODES[word]
  if (code === undefined) throw new RangeError(`"${verdict}" is no verdict`)
  const target = chain === undefined ? [] : [text(VERDICT.chain, chain)]
  return nested(type, nested(DATA_VERDICT, be32(VERDICT.code, code >>> 0), ...target))
}
