/** Runs a command where the connections begin, and gives what it prints. */
export type Run = (...command: string[]) => Promise<string>

/** A server for each measure. */
export type Ports = Readonly<Record<'throughput' | 'latency' | 'connections', number>>

/** A way from one machine to servers at another. */
export interface Way {
  name: string
  run: Run
  address: string
  ports: Ports
}
