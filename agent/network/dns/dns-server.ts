import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  decode,
  encode,
  type OptAnswer,
  type Packet,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet'
import type { Clock } from '../../../shared/clock.ts'
import type { Random } from '../../../shared/random.ts'
import { AnswerCache } from './answer-cache.ts'
import { type ClusterZone, ipv4, type ZoneAnswer } from './cluster-zone.ts'
import { messageLayout } from './message-layout.ts'
import type { Transport, Upstream } from './upstream.ts'

export interface DnsServerOptions {
  /** Undefined as long as the cluster is not known. */
  zone: () => ClusterZone | undefined
  /** Whether an address is of the cluster's ranges: who asks for its name is not sent elsewhere. */
  isClusterAddress: (address: string) => boolean
  upstream: Upstream
  clock: Clock
  random: Random
}

const CODES = { noError: 0, formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const
type Code = (typeof CODES)[keyof typeof CODES]

const HEADER_BYTES = 12
/** A datagram that nobody said more of. */
const LEAST_DATAGRAM_BYTES = 512
/** What gets through everywhere in one piece. */
const OUR_DATAGRAM_BYTES = 1232
const MOST_DATAGRAM_BYTES = 4096
const REVERSE = '.in-addr.arpa'
/** CNAMEs that lead on. */
const MOST_STEPS = 8

/** Answers DNS messages: the cluster's names itself, all others as the machine's own servers answer them. */
export class DnsServer {
  readonly #options: DnsServerOptions
  readonly #cache: AnswerCache

  constructor(options: DnsServerOptions) {
    this.#options = options
    this.#cache = new AnswerCache(options.clock)
  }

  /** The answer to a query; undefined where it deserves none. Never rejects, whatever the bytes. */
  async answer(message: Buffer, transport: Transport): Promise<Buffer | undefined> {
    if (message.length < HEADER_BYTES || (message.readUInt8(2) & 0x80) !== 0) return undefined
    if (((message.readUInt8(2) >> 3) & 0xf) !== 0) return bareAnswer(message, CODES.notImplemented)
    const query = parse(message)
    const question = query?.questions?.[0]
    if (!query || !question || query.questions?.length !== 1) return bareAnswer(message, CODES.formatError)
    if (question.class !== 'IN') return bareAnswer(message, CODES.refused)
    try {
      return await this.#answerTo({ message, query, question }, transport)
    } catch {
      return bareAnswer(message, CODES.serverFailure)
    }
  }

  async #answerTo(asked: Asked, transport: Transport): Promise<Buffer> {
    const found = this.#ofCluster(asked.question)
    if (found === 'unknown') return bareAnswer(asked.message, CODES.serverFailure)
    if (found === 'elsewhere') return this.#forward(asked, transport)
    const answer = found.leadsTo === undefined ? found : await this.#follow(found, asked, transport)
    return answer ? this.#encode(asked, answer, transport) : bareAnswer(asked.message, CODES.serverFailure)
  }

  #ofCluster({ name, type }: Question): ZoneAnswer | 'elsewhere' | 'unknown' {
    const zone = this.#options.zone()
    // Without a zone it is not known whose a name is.
    if (!zone) return 'unknown'
    const lower = name.toLowerCase()
    const wanted = type === ANY ? 'A' : type
    const address = addressOf(lower)
    if (address === undefined) return zone.answer(lower, wanted) ?? 'elsewhere'
    const named = zone.reverse(lower, address, wanted)
    if (named) return named
    return this.#options.isClusterAddress(address) ? { exists: false, answers: [], additionals: [] } : 'elsewhere'
  }

  /** The answer and what the name that it leads to has. */
  async #follow(answer: ZoneAnswer, asked: Asked, transport: Transport): Promise<ZoneAnswer | undefined> {
    let whole = answer
    for (let step = 0; whole.leadsTo !== undefined; step++) {
      if (step === MOST_STEPS) return undefined
      const question: Question = { ...asked.question, name: whole.leadsTo }
      const next = this.#ofCluster(question)
      if (next === 'unknown') return undefined
      const more = next === 'elsewhere' ? await this.#askElsewhere(question, transport) : next
      if (!more) return undefined
      whole = { ...more, exists: true, answers: [...whole.answers, ...more.answers] }
    }
    return whole
  }

  async #askElsewhere(question: Question, transport: Transport): Promise<ZoneAnswer | undefined> {
    const query = encode({ type: 'query', id: 0, flags: RECURSION_DESIRED, questions: [question] })
    const answer = await this.#forward({ message: query, query: {}, question }, transport)
    const { answers = [], rcode } = decode(answer) as DecodedPacket & { rcode?: string }
    if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN') return undefined
    return { exists: true, answers, additionals: [] }
  }

  /** As it is, with all that the query says (EDNS, DNSSEC), and as it came. */
  async #forward({ message, query, question }: Asked, transport: Transport): Promise<Buffer> {
    const { questionsEnd } = messageLayout(message)
    const edns = query.additionals?.find(isOpt)
    const key = [question.name.toLowerCase(), question.type, message.readUInt8(3) & 0x10, edns?.flags, transport].join(
      ' ',
    )
    const kept = this.#cache.find(key, message, questionsEnd)
    if (kept) return kept
    const answer = await this.#options.upstream.ask(message, transport)
    if (!answer) return bareAnswer(message, CODES.serverFailure)
    this.#cache.keep(key, answer)
    return answer
  }

  #encode(asked: Asked, answer: ZoneAnswer, transport: Transport): Buffer {
    const authorities = answer.answers.length === 0 ? this.#authority() : []
    const code = answer.exists ? CODES.noError : CODES.noSuchName
    const answers = inTurn(answer.answers, this.#options.random)
    const whole = encode(packet(asked, code, { answers, authorities, additionals: answer.additionals }))
    const room = transport === 'tcp' ? Number.POSITIVE_INFINITY : datagramBytes(asked.query)
    if (whole.length <= room) return whole
    const bare = encode(packet(asked, code, { answers, authorities, additionals: [] }))
    if (bare.length <= room) return bare
    const flags = TRUNCATED_RESPONSE
    return encode(packet(asked, code, { answers: [], authorities: [], additionals: [] }, flags))
  }

  #authority(): Answer[] {
    const zone = this.#options.zone()
    return zone ? [zone.authority()] : []
  }
}

/** Not among the types that the library knows by name. */
const ANY: string = 'ANY'

interface Asked {
  message: Buffer
  query: Packet
  question: Question
}

interface Sections {
  answers: Answer[]
  authorities: Answer[]
  additionals: Answer[]
}

function packet({ query, question }: Asked, code: Code, sections: Sections, moreFlags = 0): Packet {
  const desired = (query.flags ?? 0) & RECURSION_DESIRED
  const opt = query.additionals?.some(isOpt) ? [OUR_OPT] : []
  return {
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | desired | moreFlags | code,
    questions: [question],
    ...sections,
    additionals: [...sections.additionals, ...opt],
  }
}

const OUR_OPT: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: OUR_DATAGRAM_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
}

function isOpt(answer: Answer): answer is OptAnswer {
  return answer.type === 'OPT'
}

/** As much as the query says that its sender takes. */
function datagramBytes({ additionals = [] }: Packet): number {
  const { udpPayloadSize = LEAST_DATAGRAM_BYTES } = additionals.find(isOpt) ?? {}
  return Math.min(MOST_DATAGRAM_BYTES, Math.max(LEAST_DATAGRAM_BYTES, udpPayloadSize))
}

function parse(message: Buffer): DecodedPacket | undefined {
  try {
    messageLayout(message)
    return decode(message)
  } catch {
    return undefined
  }
}

/** The header alone, with the questions if they can be read. */
function bareAnswer(message: Buffer, code: Code): Buffer {
  const end = questionsEnd(message)
  const answer = Buffer.alloc(end ?? HEADER_BYTES)
  message.copy(answer, 0, 0, answer.length)
  answer.writeUInt8((message.readUInt8(2) & 0x79) | 0x80, 2)
  answer.writeUInt8(0x80 | code, 3)
  if (end === undefined) answer.writeUInt16BE(0, 4)
  answer.fill(0, 6, HEADER_BYTES)
  return answer
}

function questionsEnd(message: Buffer): number | undefined {
  try {
    return messageLayout(message).questionsEnd
  } catch {
    return undefined
  }
}

/** The address that a name of `in-addr.arpa` asks for. */
function addressOf(name: string): string | undefined {
  return name.endsWith(REVERSE) ? ipv4(name.slice(0, -REVERSE.length).split('.').reverse()) : undefined
}

/** Who takes the first shall not always get the same; what a CNAME leads to stays behind it. */
function inTurn(answers: readonly Answer[], random: Random): Answer[] {
  const aliases = answers.filter(({ type }) => type === 'CNAME')
  const others = answers.filter(({ type }) => type !== 'CNAME')
  for (let index = others.length - 1; index > 0; index--) {
    const other = Math.floor(random.next() * (index + 1))
    const [one, two] = [others[index], others[other]]
    if (one && two) [others[index], others[other]] = [two, one]
  }
  return [...aliases, ...others]
}
