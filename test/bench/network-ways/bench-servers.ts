import type { Ports } from './way.ts'

/** Has the programs of both ends. */
export const IMAGE = 'kubette-test/network:1'

/**
 * How far its ports are from the first: each way has servers of its own. A server takes a client that comes by another way
 * from the same port, within a minute, for the one before that is not quite gone, and has it wait for a second.
 */
export const OFFSETS = { direct: 0, service: 1, nodePort: 2, otherNodePort: 3 } as const

const OURS: Ports = { throughput: 5201, latency: 11111, connections: 9000 }
const OF_NODES: Ports = { throughput: 30201, latency: 31111, connections: 30900 }

export function portsAt(offset: number): Ports {
  return shifted(OURS, offset)
}

/** Where machines publish them. */
export function publishedAt(offset: number): Ports {
  return shifted(OF_NODES, offset)
}

/** Serves at these offsets until it is killed. */
export function serveCommand(...offsets: number[]): string[] {
  const scripts = offsets.map((offset) => serveScript(portsAt(offset)))
  return ['/bin/sh', '-c', `PATH=/usr/bin:/bin; ${scripts.join(' ')} wait`]
}

function shifted({ throughput, latency, connections }: Ports, offset: number): Ports {
  return { throughput: throughput + offset, latency: latency + offset, connections: connections + offset }
}

function serveScript({ throughput, latency, connections }: Ports): string {
  const accept = `require('net').createServer((s)=>{s.on('error',()=>{});s.end('x')}).listen(${connections})`
  return [
    `iperf3 -s -p ${throughput} >/dev/null &`,
    `sockperf server --tcp -p ${latency} >/dev/null &`,
    `${process.execPath} -e "${accept}" &`,
  ].join(' ')
}
