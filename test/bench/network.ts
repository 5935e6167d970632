// The Pod network and Services beside Docker Swarm's overlay, on the same three lab machines, in one run; needs root (see
// test/lab/README.md) and Debian's iperf3 and sockperf.
//   npx tsx test/bench/network.ts [rounds]
// For each way from one machine to another: throughput, half a round trip (p50 and p99), and new connections a second, the
// medians of all rounds. A machine is slower at some times than at others, by more than what is compared: so each round measures
// Swarm's way for the same purpose just before ours or just after, by turns, and what counts is the median of the rounds' ratios.
// It is printed after each round, as a long run may be cut short. Where the kernel has IPVS, Services are beside the virtual
// addresses of Swarm's, and node ports beside its routing mesh; elsewhere beside the overlay, and beside a port that Docker publishes.
import { existsSync } from 'node:fs'
import { Machines } from '../support/machines.ts'
import { loadProgramImage } from '../support/program-image.ts'
import { eventually, tryRun } from '../support/shell.ts'
import { IMAGE, OFFSETS, portsAt, serveCommand } from './network-ways/bench-servers.ts'
import { type KubetteWays, kubetteWays } from './network-ways/kubette-ways.ts'
import { type SwarmWays, swarmServiceWays, swarmWaysWithoutServices } from './network-ways/swarm-ways.ts'
import type { Way } from './network-ways/way.ts'

const ROUNDS = Number(process.argv[2] ?? 3)
const SECONDS = 2
/** Connections under way at a time. */
const CLIENTS = 16

interface Figures {
  gigabits: number
  p50: number
  p99: number
  connections: number
}

/** Opens connections one after the other, so many at a time, and prints how many came about in a second. */
function connectScript(address: string, port: number): string {
  return `let n=0,end=Date.now()+${SECONDS * 1000};const net=require('net');const go=()=>{if(Date.now()>end)return;
    const s=net.connect(${port},'${address}');let ok=false;s.on('data',()=>{ok=true});s.on('error',()=>{});
    s.on('close',()=>{if(ok)n++;go()})};for(let i=0;i<${CLIENTS};i++)go();
    setTimeout(()=>{console.log(n/${SECONDS});process.exit()},${SECONDS * 1000 + 200})`
}

async function measure({ run, address, ports }: Way): Promise<Figures> {
  const iperf = await run('/usr/bin/iperf3', '-c', address, '-p', String(ports.throughput), '-t', String(SECONDS), '-J')
  const received = JSON.parse(iperf) as { end: { sum_received: { bits_per_second: number } } }
  const pingPong = ['ping-pong', '--tcp', '-i', address, '-p', String(ports.latency), '-t', String(SECONDS)]
  const latency = await run('/usr/bin/sockperf', ...pingPong)
  const percentile = (name: string) => Number(latency.match(new RegExp(`percentile ${name}\\s*=\\s*([\\d.]+)`))?.[1])
  const connections = await run(process.execPath, '-e', connectScript(address, ports.connections))
  return {
    gigabits: received.end.sum_received.bits_per_second / 1e9,
    p50: percentile('50.000'),
    p99: percentile('99.000'),
    connections: Number(connections),
  }
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return ((below ?? Number.NaN) + (above ?? Number.NaN)) / 2
}

function median(all: readonly Figures[]): Figures {
  const of = (key: keyof Figures) => middle(all.map((figures) => figures[key]))
  return { gigabits: of('gigabits'), p50: of('p50'), p99: of('p99'), connections: of('connections') }
}

async function hostWay({ lab, hosts: [near = '', far = ''] }: Machines): Promise<Way> {
  await lab.spawn(far, 'bench', ...serveCommand(OFFSETS.direct))
  return {
    name: 'machine to machine',
    run: (...command) => lab.exec(near, ...command),
    address: lab.address(far),
    ports: portsAt(OFFSETS.direct),
  }
}

function print(name: string, { gigabits, p50, p99, connections }: Figures): void {
  const latency = `p50 ${p50.toFixed(1)} us, p99 ${p99.toFixed(1)} us`
  console.log(`${name}: ${gigabits.toFixed(2)} Gbit/s, ${latency}, ${Math.round(connections)} connections/s`)
}

/** Above 1: ours is ahead. In brackets: in how many rounds it was. */
function compare(what: string, ours: readonly Figures[], theirs: readonly Figures[]): void {
  const ratio = (name: string, key: keyof Figures, more: 1 | -1) => {
    const ratios = ours.map((figures, round) => (figures[key] / (theirs[round]?.[key] ?? Number.NaN)) ** more)
    return `${name} ${middle(ratios).toFixed(2)} (${ratios.filter((one) => one > 1).length} of ${ratios.length})`
  }
  const all = [ratio('throughput', 'gigabits', 1), ratio('p50', 'p50', -1), ratio('p99', 'p99', -1)]
  console.log(`${what}: ${[...all, ratio('connections', 'connections', 1)].join(', ')} (goal > 1 each)`)
}

async function kernelHasIpvs(): Promise<boolean> {
  await tryRun('modprobe', ['ip_vs']).catch(() => {})
  return existsSync('/proc/net/ip_vs')
}

/** Ways for the same purpose, ours first. */
function pairsOf(ours: KubetteWays, theirs: SwarmWays): [Way, Way][] {
  const { otherPublished } = theirs
  return [
    [ours.direct, theirs.direct],
    [ours.service, theirs.service],
    [ours.nodePort, theirs.published],
    ...(otherPublished ? [[ours.otherNodePort, otherPublished] satisfies [Way, Way]] : []),
  ]
}

const machines = await Machines.start(3)
try {
  const { hosts, lab } = machines
  for (const host of hosts) {
    const docker = { socketPath: lab.dockerSocket(host) }
    const programs = ['/usr/bin/iperf3', '/usr/bin/sockperf', process.execPath]
    await loadProgramImage({ reference: IMAGE, programs, docker })
    await eventually(`${host} is Ready`, () => machines.kubectl('wait', '--for=condition=Ready', `node/${host}`))
  }
  const hasIpvs = await kernelHasIpvs()
  const ours = await kubetteWays(machines)
  const theirs = await (hasIpvs ? swarmServiceWays(machines) : swarmWaysWithoutServices(machines))
  const pairs = pairsOf(ours, theirs)
  const ways = [...new Set([await hostWay(machines), ...pairs.flat()])]
  // An agent that was late with its heartbeats may be about to connect again.
  const measured = (way: Way) => eventually(`${way.name} answers`, () => measure(way), 60_000)
  for (const way of ways) await measured(way)
  if (!hasIpvs)
    console.log(
      'This kernel has no IPVS: Swarm’s virtual addresses and routing mesh cannot work, so its direct ways stand for them.',
    )
  const figures = new Map<Way, Figures[]>(ways.map((way) => [way, []]))
  const of = (way: Way) => figures.get(way) ?? []
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) of(way).push(await measured(way))
    console.log(`After round ${round + 1} of ${ROUNDS}:`)
    for (const way of ways) print(way.name, median(of(way)))
    for (const [way, other] of pairs) compare(`${way.name}, beside ${other.name}`, of(way), of(other))
  }
} finally {
  await machines.stop()
}
