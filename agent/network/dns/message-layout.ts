const HEADER_BYTES = 12
const POINTER = 0xc0
const OPT = 41
const SOA = 6

/** Where things are in a DNS message, so that it can be passed on as it is. */
export interface MessageLayout {
  id: number
  truncated: boolean
  /** 0: all went well; 3: there is no such name. */
  responseCode: number
  /** The end of the questions. */
  questionsEnd: number
  answerCount: number
  /** Where the seconds are that each record holds. */
  ttlOffsets: number[]
  /** The least of them, with what an SOA says of absences. */
  leastTtl: number | undefined
}

/** @throws RangeError where the message ends too early or points nowhere */
export function messageLayout(message: Buffer): MessageLayout {
  const flags = message.readUInt16BE(2)
  const [questions = 0, ...records] = [4, 6, 8, 10].map((offset) => message.readUInt16BE(offset))
  let at = HEADER_BYTES
  for (let index = 0; index < questions; index++) at = nameEnd(message, at) + 4
  if (at > message.length) throw new RangeError('the message ends within its questions')
  const layout: MessageLayout = {
    id: message.readUInt16BE(0),
    truncated: (flags & 0x0200) !== 0,
    responseCode: flags & 0x000f,
    questionsEnd: at,
    answerCount: records[0] ?? 0,
    ttlOffsets: [],
    leastTtl: undefined,
  }
  const count = records.reduce((sum, part) => sum + part, 0)
  for (let index = 0; index < count; index++) at = readRecord(message, at, layout)
  return layout
}

function readRecord(message: Buffer, start: number, layout: MessageLayout): number {
  const at = nameEnd(message, start)
  const type = message.readUInt16BE(at)
  const end = at + 10 + message.readUInt16BE(at + 8)
  if (end > message.length) throw new RangeError('the message ends within a record')
  // The one of OPT holds flags.
  if (type !== OPT) {
    layout.ttlOffsets.push(at + 4)
    const minimum = type === SOA ? message.readUInt32BE(end - 4) : Number.POSITIVE_INFINITY
    const ttl = Math.min(message.readUInt32BE(at + 4), minimum)
    layout.leastTtl = Math.min(layout.leastTtl ?? ttl, ttl)
  }
  return end
}

/** Where the name that begins here ends. */
function nameEnd(message: Buffer, start: number): number {
  let at = start
  for (let length = message.readUInt8(at); length !== 0; length = message.readUInt8(at)) {
    if ((length & POINTER) === POINTER) return at + 2
    if ((length & POINTER) !== 0) throw new RangeError('a label of an unknown kind')
    at += 1 + length
  }
  return at + 1
}
