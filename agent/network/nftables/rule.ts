/**
 * The expressions of a rule, as the kernel runs them: one after the other, until one does not match. Registers are
 * numbered 0 to 15, of 32 bits each; `to` and `from` name the first of those that a value takes.
 */
export type Expression =
  /** Bytes of one of the packet's headers. */
  | { type: 'payload'; base: 'link' | 'network' | 'transport'; offset: number; bytes: number; to: number }
  /** The number of the protocol over Ethernet, of two bytes in network byte order. */
  | { type: 'etherType'; to: number }
  /** The number of the protocol over IP, of one byte. */
  | { type: 'protocol'; to: number }
  /** What the connection has been through. */
  | { type: 'connectionStatus'; to: number }
  /** Numbers that rules keep with a connection, or with a packet while it is in the namespace; 0 at first. */
  | { type: 'connectionMark' | 'packetMark'; to: number }
  | { type: 'setConnectionMark' | 'setPacketMark'; from: number }
  | { type: 'value'; value: Buffer; to: number }
  | { type: 'random'; below: number; to: number }
  /** `mask` has as many bytes as the value. */
  | { type: 'mask'; at: number; mask: Buffer }
  | { type: 'compare'; from: number; is: 'equal' | 'notEqual'; value: Buffer }
  /** Matches where the set has the key; with `to` the map's value goes there, or, of verdicts, is the verdict. */
  | { type: 'lookup'; set: string; from: number; to?: number | 'verdict' }
  /** Adds an element, or lets one that is there live on; or takes it away. Of those there are the value stays. */
  | { type: 'keep'; set: string; key: number; value: number; seconds: number }
  | { type: 'forget'; set: string; key: number; value: number }
  | { type: 'verdict'; verdict: Verdict }
  /** The packet leaves by the link whose index is there, and nobody else sees it. In the family `netdev` only. */
  | { type: 'forward'; link: number }
  /** The connection goes to that address and port instead. */
  | { type: 'destinationNat'; address: number; port: number }
  /** The connection comes from the address of the link that it leaves by. */
  | { type: 'masquerade' }
  /** The kernel remembers nothing of the packet: it is of no connection. Only before the kernel looks for one. */
  | { type: 'notrack' }
  | { type: 'reject'; with: 'tcpReset' | 'portUnreachable' }

export type Rule = readonly Expression[]

/** `drop`, `accept`, `return`, `jump NAME` or `goto NAME`. */
export type Verdict = string
