import { DNS_PORT } from '../../../shared/dns-service.ts'
import type { Expression, Rule } from '../nftables/rule.ts'
import type { Chain, TableChange, TableFrame } from '../nftables/table.ts'
import {
  isFrom,
  isOfProtocol,
  isRedirected,
  isTo,
  loadDestination,
  loadDestinationAddress,
  loadSource,
} from '../services/packet-match.ts'

/** Of a datagram that a gateway sends to itself. */
export const HEARTBEAT_PORT = 9

/** After so long without a heartbeat others are asked. */
const SILENCE_SECONDS = 2
/** An answer that comes later is tracked by the kernel, as others' are. */
const ANSWER_SECONDS = 10
const TABLE = 'kubette-dns'
/** Before the kernel looks for the connection that a packet is of. */
const UNTRACKED_PRIORITY = -300
/** Type and code of an ICMP message, and where in it the packet begins that it is about. */
const PORT_UNREACHABLE = Buffer.of(3, 3)
const REFUSED = 8
/** Before the rules of Services. */
const FAILOVER_PRIORITY = -110
const SNAT_PRIORITY = 100

/** The gateway's address as long as its agent is heard; the kernel forgets it. */
const HEARD = { name: 'heard', key: ['ipv4_addr'], value: ['ipv4_addr'], isDynamic: true } as const
/** Who has asked here lately, address and port. The value is of no use. */
const ASKERS = { name: 'askers', key: ['ipv4_addr', 'inet_service'], value: ['ipv4_addr'], isDynamic: true } as const
/** Other gateways: those who ask for somebody else's Pods are not sent on. */
const PEERS = { name: 'peers', key: ['ipv4_addr'] } as const
/** The same, numbered from 0. */
const NUMBERED = { name: 'numbered', key: ['mark'], value: ['ipv4_addr', 'inet_service'] } as const

/** What the table of a gateway at this address has, with so many others to ask. */
export function failoverFrame(address: string, peers: number): TableFrame {
  return { name: TABLE, sets: [HEARD, ASKERS, PEERS, NUMBERED], chains: chains(address, peers) }
}

/** From now on others are asked. */
export function leaveToOthers(address: string): TableChange {
  const deletedElements = new Map([[HEARD.name, [address]]])
  return { addedChains: [], deletedElements, addedElements: new Map(), deletedChains: [] }
}

export function failoverContents(peers: readonly string[]): TableChange {
  const addedElements = new Map([
    [PEERS.name, new Map(peers.map((peer) => [peer, '']))],
    [NUMBERED.name, new Map(peers.map((peer, index) => [`${index}`, `${peer} . ${DNS_PORT}`]))],
  ])
  return { addedChains: [], deletedElements: new Map(), addedElements, deletedChains: [] }
}

function chains(address: string, peers: number): Chain[] {
  const isQuestion = [...isTo(`${address}/32`), ...loadDestination(0), isPort(2, DNS_PORT)]
  const here: Expression = { type: 'verdict', verdict: 'accept' }
  const elsewhere: Rule = [
    ...isQuestion,
    { type: 'random', below: peers, to: 0 },
    { type: 'lookup', set: NUMBERED.name, from: 0, to: 1 },
    { type: 'destinationNat', address: 1, port: 2 },
  ]
  const stays: Rule[] = [
    [...isQuestion, { type: 'lookup', set: HEARD.name, from: 0, to: 3 }, here],
    [...loadSource(0), { type: 'lookup', set: PEERS.name, from: 0 }, here],
  ]
  const heard: Rule = [
    ...isTo(`${address}/32`),
    ...loadDestination(0),
    isPort(2, HEARTBEAT_PORT),
    { type: 'keep', set: HEARD.name, key: 0, value: 0, seconds: SILENCE_SECONDS },
  ]
  return [
    ...untrackedChains(address, isQuestion),
    { name: 'heartbeat', hook: { type: 'filter', at: 'output', priority: 0 }, rules: [heard, refusal(address)] },
    {
      name: 'failover',
      hook: { type: 'nat', at: 'prerouting', priority: FAILOVER_PRIORITY },
      rules: peers > 0 ? [...stays, elsewhere] : [],
    },
    {
      name: 'answers',
      hook: { type: 'nat', at: 'postrouting', priority: SNAT_PRIORITY },
      rules: [[...isRedirected(), { type: 'masquerade' }]],
    },
  ]
}

/**
 * Datagrams that are answered here are none of a connection's: a resolver repeats a question from the same port, and the
 * kernel would lead it where it led the first, whose agent may be gone.
 */
function untrackedChains(address: string, isQuestion: Rule): Chain[] {
  const question: Rule = [
    ...isOfProtocol('udp'),
    ...isQuestion,
    { type: 'lookup', set: HEARD.name, from: 0, to: 3 },
    ...loadSource(0),
    loadPort('source', 1),
    { type: 'keep', set: ASKERS.name, key: 0, value: 0, seconds: ANSWER_SECONDS },
    { type: 'notrack' },
  ]
  // The machine's own questions come for the Service's address, which only the kernel's memory puts into the answers.
  const answer: Rule = [
    ...isOfProtocol('udp'),
    ...isFrom(`${address}/32`),
    loadPort('source', 2),
    isPort(2, DNS_PORT),
    ...loadDestinationAddress(0),
    loadPort('destination', 1),
    { type: 'lookup', set: ASKERS.name, from: 0, to: 3 },
    { type: 'notrack' },
  ]
  return [
    {
      name: 'questions-here',
      hook: { type: 'filter', at: 'prerouting', priority: UNTRACKED_PRIORITY },
      rules: [question],
    },
    { name: 'answers-here', hook: { type: 'filter', at: 'output', priority: UNTRACKED_PRIORITY }, rules: [answer] },
  ]
}

/**
 * While one agent takes over from another nobody listens. Who is refused tells his program that there is no answer; who
 * hears nothing asks again.
 */
function refusal(address: string): Rule {
  const asked = Buffer.from(address.split('.').map(Number))
  return [
    ...isOfProtocol('icmp'),
    { type: 'payload', base: 'transport', offset: 0, bytes: 2, to: 0 },
    { type: 'compare', from: 0, is: 'equal', value: PORT_UNREACHABLE },
    { type: 'payload', base: 'transport', offset: REFUSED + 16, bytes: 4, to: 0 },
    { type: 'compare', from: 0, is: 'equal', value: asked },
    { type: 'payload', base: 'transport', offset: REFUSED + 22, bytes: 2, to: 0 },
    isPort(0, DNS_PORT),
    { type: 'verdict', verdict: 'drop' },
  ]
}

function loadPort(of: 'source' | 'destination', to: number): Expression {
  return { type: 'payload', base: 'transport', offset: of === 'source' ? 0 : 2, bytes: 2, to }
}

function isPort(register: number, port: number): Expression {
  const value = Buffer.alloc(2)
  value.writeUInt16BE(port)
  return { type: 'compare', from: register, is: 'equal', value }
}
