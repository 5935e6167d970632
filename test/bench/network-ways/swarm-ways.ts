import type { Machines } from '../../support/machines.ts'
import { eventually } from '../../support/shell.ts'
import { IMAGE, OFFSETS, portsAt, publishedAt, serveCommand } from './bench-servers.ts'
import type { Ports, Run, Way } from './way.ts'

export interface SwarmWays {
  /** Between containers on the overlay, by their own addresses. */
  direct: Way
  /** By the virtual address of a service. */
  service: Way
  /** The routing mesh, at the machine where the task is. */
  published: Way
  /** The routing mesh, at the third machine. */
  otherPublished?: Way
}

type Published = keyof Pick<typeof OFFSETS, 'nodePort' | 'otherNodePort'>

/** On the same machines the others are Kubette's. */
const PUBLISHED_SHIFT = 10

/** From a container at the first machine, or from that machine itself, to a service whose task is at the second. */
export async function swarmServiceWays(machines: Machines): Promise<SwarmWays> {
  const { lab, hosts } = machines
  const [near = '', far = '', other = ''] = hosts
  const run = await startSwarm(machines)
  const where = ['--network', 'bench', '--constraint', `node.hostname==${far}`]
  const publish = (['nodePort', 'otherNodePort'] as const).flatMap((key) =>
    published(key).flatMap(([from, to]) => ['--publish', `published=${from},target=${to}`]),
  )
  const create = ['service', 'create', '--no-resolve-image', '--endpoint-mode', 'vip', '--name', 'server']
  await lab.exec(near, 'docker', ...create, ...where, ...publish, IMAGE, ...serveCommand(...Object.values(OFFSETS)))
  const task = await lab.exec(far, 'docker', 'ps', '-q', '--filter', 'label=com.docker.swarm.service.name=server')
  const onHost: Run = (...command) => lab.exec(near, ...command)
  const ports = (key: Published) => publishedAt(OFFSETS[key] + PUBLISHED_SHIFT)
  return {
    direct: await directWay(machines, run, task.trim()),
    service: {
      name: 'swarm: container to service',
      run,
      address: await virtualAddress(machines),
      ports: portsAt(OFFSETS.service),
    },
    published: {
      name: 'swarm: machine to routing mesh',
      run: onHost,
      address: lab.address(far),
      ports: ports('nodePort'),
    },
    otherPublished: {
      name: 'swarm: machine to routing mesh, task elsewhere',
      run: onHost,
      address: lab.address(other),
      ports: ports('otherNodePort'),
    },
  }
}

/** Without IPVS there are neither virtual addresses nor the mesh: what is nearest to them stands for them. */
export async function swarmWaysWithoutServices(machines: Machines): Promise<SwarmWays> {
  const { lab, hosts } = machines
  const [near = '', far = ''] = hosts
  const run = await startSwarm(machines)
  const publish = published('nodePort').flatMap(([from, to]) => ['-p', `${from}:${to}`])
  await startContainer(machines, far, 'server', publish, serveCommand(OFFSETS.direct, OFFSETS.nodePort))
  const direct = await directWay(machines, run, 'server')
  const name = 'swarm: machine to published port'
  const onHost: Run = (...command) => lab.exec(near, ...command)
  const ports = publishedAt(OFFSETS.nodePort + PUBLISHED_SHIFT)
  return { direct, service: direct, published: { name, run: onHost, address: lab.address(far), ports } }
}

/** With all machines, an overlay and a container on it at the first, where the answer runs commands. */
async function startSwarm(machines: Machines): Promise<Run> {
  const { lab, hosts } = machines
  const [near = '', ...workers] = hosts
  await lab.exec(near, 'docker', 'swarm', 'init', '--advertise-addr', lab.address(near))
  const token = (await lab.exec(near, 'docker', 'swarm', 'join-token', '-q', 'worker')).trim()
  for (const host of workers) {
    const where = ['--advertise-addr', lab.address(host), `${lab.address(near)}:2377`]
    await lab.exec(host, 'docker', 'swarm', 'join', '--token', token, ...where)
  }
  await lab.exec(near, 'docker', 'network', 'create', '-d', 'overlay', '--attachable', 'bench')
  await startContainer(machines, near, 'client', [], ['/bin/busybox', 'sleep', '86400'])
  return (...command) => lab.exec(near, 'docker', 'exec', 'client', ...command)
}

/** On the overlay, to which a busy Swarm does not always attach it at the first try. */
async function startContainer({ lab }: Machines, host: string, name: string, options: string[], command: string[]) {
  await lab.exec(host, 'docker', 'create', '--name', name, '--network', 'bench', ...options, IMAGE, ...command)
  await eventually(`${name} is on the overlay`, () => lab.exec(host, 'docker', 'start', name))
}

async function directWay({ lab, hosts }: Machines, run: Run, container: string): Promise<Way> {
  const format = '{{(index .NetworkSettings.Networks "bench").IPAddress}}'
  const address = (await lab.exec(hosts[1] ?? '', 'docker', 'inspect', '-f', format, container)).trim()
  return { name: 'swarm: container to container', run, address, ports: portsAt(OFFSETS.direct) }
}

async function virtualAddress({ lab, hosts: [near = ''] }: Machines): Promise<string> {
  const network = (await lab.exec(near, 'docker', 'network', 'inspect', '-f', '{{.Id}}', 'bench')).trim()
  const format = '{{json .Endpoint.VirtualIPs}}'
  const all = JSON.parse(await lab.exec(near, 'docker', 'service', 'inspect', '-f', format, 'server')) as {
    NetworkID: string
    Addr: string
  }[]
  const found = all.find(({ NetworkID }) => NetworkID === network)
  if (!found) throw new Error('the service has no address on the overlay')
  return found.Addr.replace(/\/\d+$/, '')
}

/** From which port of a machine to which of the servers. */
function published(key: Published): [number, number][] {
  const from = publishedAt(OFFSETS[key] + PUBLISHED_SHIFT)
  return Object.entries(portsAt(OFFSETS[key])).map(([name, port]) => [from[name as keyof Ports], port])
}
