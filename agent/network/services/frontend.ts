/** `address:port`. */
export type Ipv4Endpoint = string

export type ServiceProtocol = 'TCP' | 'UDP'

/** What becomes of a new connection. Connections that stand already are never touched. */
export type FrontendVerdict =
  /** It goes to one of them, by chance; a client stays with the one it got for so many seconds after its last connection. */
  | {
      type: 'balance'
      endpoints: readonly Ipv4Endpoint[]
      affinitySeconds?: number
      /** Pods among them see the client's own address. */
      keepsClient?: true
    }
  /** The client is told at once that nobody answers. */
  | { type: 'reject' }
  /** Nothing is answered, so that whoever balances over nodes takes it for a dead one. */
  | { type: 'drop' }

/** One address, protocol and port at which a Service is met. */
export interface Frontend {
  readonly address: string
  readonly protocol: ServiceProtocol
  readonly port: number
  readonly verdict: FrontendVerdict
  /** Ranges in CIDR notation from which connections are let in; all unless told. */
  readonly sourceRanges?: readonly string[]
}

/** Different for any two frontends of a node. */
export function frontendKey({ address, protocol, port }: Frontend): string {
  return `${address}:${port}/${protocol}`
}
