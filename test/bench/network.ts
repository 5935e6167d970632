// The Pod network and Services beside Docker Swarm's overlay, on the same three lab machines, in one run; needs root (see
// test/lab/README.md) and Debian's iperf3 and sockperf.
//   npx tsx test/bench/network.ts [rounds]
// For each way from one machine to another: throughput, half a round trip (p50 and p99), and new connections a second; then
// the ratio to Swarm's way for the same purpose. The rounds are interleaved, and the medians are printed.
import { existsSync } from 'node:fs'
import { Machines } from '../support/machines.ts'
import { loadProgramImage } from '../support/program-image.ts'
import { eventually } from '../support/shell.ts'

const ROUNDS = Number(process.argv[2] ?? 3)
const SECONDS = 2
const IMAGE = 'kubette-test/network:1'
/** Connections under way at a time. */
const CLIENTS = 16

type Ports = Readonly<Record<'throughput' | 'latency' | 'connections', number>>

const PORTS: Ports = { throughput: 5201, latency: 11111, connections: 9000 }
const NODE_PORTS: Ports = { throughput: 30201, latency: 31111, connections: 30900 }
/**
 * How far its ports are from `PORTS`: each way has servers of its own. A server takes a client that comes by another way
 * from the same port, within a minute, for the one before that is not quite gone, and has it wait for a second.
 */
const OFFSETS = { direct: 0, service: 1, nodePort: 2 } as const

/** Runs a command where the connections begin, and gives what it prints. */
type Run = (...command: string[]) => Promise<string>

/** A way to the servers. */
interface Way {
  name: string
  run: Run
  address: string
  ports: Ports
}

interface Figures {
  gigabits: number
  p50: number
  p99: number
  connections: number
}

function portsAt(offset: number): Ports {
  const { throughput, latency, connections } = PORTS
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

function serveCommand(...offsets: number[]): string[] {
  const scripts = offsets.map((offset) => serveScript(portsAt(offset)))
  return ['/bin/sh', '-c', `PATH=/usr/bin:/bin; ${scripts.join(' ')} wait`]
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

function median(all: readonly Figures[]): Figures {
  const of = (key: keyof Figures) =>
    all.map((figures) => figures[key]).sort((a, b) => a - b)[all.length >> 1] ?? Number.NaN
  return { gigabits: of('gigabits'), p50: of('p50'), p99: of('p99'), connections: of('connections') }
}

async function kubetteWays(machines: Machines, [near = '', far = '']: readonly string[]): Promise<Way[]> {
  const container = (command: string[]) => ({ name: 'bench', image: IMAGE, command })
  const pod = (name: string, nodeName: string, command: string[]) =>
    machines.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: name } },
      spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [container(command)] },
    })
  await pod('server', far, serveCommand(...Object.values(OFFSETS)))
  await pod('client', near, ['/bin/busybox', 'sleep', '86400'])
  const selector = { app: 'server' }
  const service = (name: string, spec: object) =>
    machines.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector, ...spec } })
  const ports = Object.entries(portsAt(OFFSETS.service)).map(([name, port]) => ({ name, port }))
  await service('bench', { ports })
  const nodePorts = Object.entries(portsAt(OFFSETS.nodePort)).map(([name, port]) => {
    return { name, port, nodePort: NODE_PORTS[name as keyof Ports] }
  })
  await service('published', { type: 'NodePort', ports: nodePorts })
  await machines.kubectl('wait', '--for=condition=Ready', 'pod/server', 'pod/client', '--timeout=60s')
  const text = (...args: string[]) => machines.kubectl('get', ...args)
  const run: Run = (...command) => machines.kubectl('exec', 'client', '--', ...command)
  const podIp = await text('pod', 'server', '-o', 'jsonpath={.status.podIP}')
  const clusterIp = await text('service', 'bench', '-o', 'jsonpath={.spec.clusterIP}')
  const onHost: Run = (...command) => machines.lab.exec(near, ...command)
  return [
    { name: 'kubette: Pod to Pod', run, address: podIp, ports: portsAt(OFFSETS.direct) },
    { name: 'kubette: Pod to Service', run, address: clusterIp, ports: portsAt(OFFSETS.service) },
    { name: 'kubette: machine to node port', run: onHost, address: machines.lab.address(far), ports: NODE_PORTS },
  ]
}

async function swarmWays({ lab }: Machines, [near = '', far = '']: readonly string[]): Promise<Way[]> {
  await lab.exec(near, 'docker', 'swarm', 'init', '--advertise-addr', lab.address(near))
  const token = (await lab.exec(near, 'docker', 'swarm', 'join-token', '-q', 'worker')).trim()
  const join = ['swarm', 'join', '--token', token, '--advertise-addr', lab.address(far), `${lab.address(near)}:2377`]
  await lab.exec(far, 'docker', ...join)
  await lab.exec(near, 'docker', 'network', 'create', '-d', 'overlay', '--attachable', 'bench')
  const publish = Object.entries(PORTS).flatMap(([name, port]) => {
    return ['-p', `${NODE_PORTS[name as keyof Ports] + 1}:${port}`]
  })
  await lab.exec(
    near,
    'docker',
    'run',
    '-d',
    '--name',
    'client',
    '--network',
    'bench',
    IMAGE,
    '/bin/busybox',
    'sleep',
    '86400',
  )
  await lab.exec(
    far,
    'docker',
    'run',
    '-d',
    '--name',
    'server',
    '--network',
    'bench',
    ...publish,
    IMAGE,
    ...serveCommand(OFFSETS.direct),
  )
  const format = '{{(index .NetworkSettings.Networks "bench").IPAddress}}'
  const address = (await lab.exec(far, 'docker', 'inspect', '-f', format, 'server')).trim()
  const run: Run = (...command) => lab.exec(near, 'docker', 'exec', 'client', ...command)
  const onHost: Run = (...command) => lab.exec(near, ...command)
  const published = Object.fromEntries(Object.entries(NODE_PORTS).map(([name, port]) => [name, port + 1]))
  return [
    { name: 'swarm: container to container', run, address, ports: PORTS },
    { name: 'swarm: machine to published port', run: onHost, address: lab.address(far), ports: published as Ports },
  ]
}

async function hostWay({ lab }: Machines, [near = '', far = '']: readonly string[]): Promise<Way> {
  await lab.spawn(far, 'bench', ...serveCommand(OFFSETS.direct))
  return {
    name: 'machine to machine',
    run: (...command) => lab.exec(near, ...command),
    address: lab.address(far),
    ports: PORTS,
  }
}

function print(name: string, { gigabits, p50, p99, connections }: Figures): void {
  const latency = `p50 ${p50.toFixed(1)} us, p99 ${p99.toFixed(1)} us`
  console.log(`${name}: ${gigabits.toFixed(2)} Gbit/s, ${latency}, ${Math.round(connections)} connections/s`)
}

/** Above 1: ours is ahead. */
function compare(what: string, ours: Figures, theirs: Figures): void {
  const ratios = [
    ['throughput', ours.gigabits / theirs.gigabits],
    ['p50', theirs.p50 / ours.p50],
    ['p99', theirs.p99 / ours.p99],
    ['connections', ours.connections / theirs.connections],
  ] as const
  console.log(`${what}: ${ratios.map(([name, ratio]) => `${name} ${ratio.toFixed(2)}`).join(', ')} (goal > 1 each)`)
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
  const ways = [
    await hostWay(machines, hosts),
    ...(await kubetteWays(machines, hosts)),
    ...(await swarmWays(machines, hosts)),
  ]
  for (const way of ways) await eventually(`${way.name} answers`, () => measure(way), 60_000)
  const figures = new Map<string, Figures[]>(ways.map(({ name }) => [name, []]))
  for (let round = 0; round < ROUNDS; round++) for (const way of ways) figures.get(way.name)?.push(await measure(way))
  const [host, pod, service, nodePort, overlay, published] = ways.map(({ name }) => median(figures.get(name) ?? []))
  for (const { name } of ways) print(name, median(figures.get(name) ?? []))
  if (!host || !pod || !service || !nodePort || !overlay || !published) throw new Error('a way is missing')
  compare('Pod to Pod, beside the overlay', pod, overlay)
  const hasIpvs = existsSync('/proc/net/ip_vs')
  if (!hasIpvs)
    console.log(
      'This kernel has no IPVS: Swarm’s virtual addresses and routing mesh cannot work, so its direct ways stand for them.',
    )
  compare('Pod to Service, beside the overlay', service, overlay)
  compare('node port, beside a published port', nodePort, published)
} finally {
  await machines.stop()
}
