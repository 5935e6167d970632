import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isUsable } from '../../../bin/cluster-view.ts'
import type { Node, Service } from '../../../shared/api/kinds.ts'
import { Machines } from '../../support/machines.ts'
import { BIG_BYTES, bigFile, get, PodsOnMachines, whoAmI } from '../../support/pods-on-machines.ts'
import { eventually } from '../../support/shell.ts'
import { loadTestImage } from '../../support/test-image.ts'
import { WebOnMachines } from '../../support/web-on-machines.ts'

const HOST_PORT = 8090
const SERVICE: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { type: 'NodePort', selector: { serves: 'web' }, ports: [{ port: 8080 }] },
}
/** Prints what the kernel says of tables that are hooked to links: many machines have no `nft`. */
const LIST_TABLES = [
  'python3',
  '-c',
  `import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.send(struct.pack('=IHHII4B', 20, 10 << 8 | 1, 0x301, 1, 0, 5, 0, 0, 0))
print(s.recv(65536))`,
]
const NEW_ADDRESS = '10.77.0.99'

describe('the network of Pods on three machines', () => {
  let machines: Machines
  let pods: PodsOnMachines
  let addresses: string[]

  beforeAll(async () => {
    machines = await Machines.start(3)
    pods = new PodsOnMachines(machines)
    await machines.lab.exec('h3', 'ip', 'link', 'set', 'eth0', 'mtu', '1400')
    await Promise.all(
      machines.hosts.flatMap((host) => [
        loadTestImage({ docker: { socketPath: machines.lab.dockerSocket(host) } }),
        machines.lab.spawn(host, 'web', 'busybox', 'httpd', '-f', '-p', String(HOST_PORT), '-h', '/etc/docker'),
        machines.lab.exec(host, 'sh', '-c', 'echo here > /etc/docker/index.html'),
      ]),
    )
    for (const host of machines.hosts) await new WebOnMachines(machines).nodeIsReady(host)
    await pods.run()
    addresses = await pods.addresses()
  })
  afterAll(() => machines?.stop())

  const allReachAll = () => eventually('every Pod reaches every Pod', () => pods.allReachAll(addresses), 40_000)

  it('takes Pods from all machines to all, by addresses of their own', async () => {
    await allReachAll()
    const ranges = addresses.map((address) => address.split('.').slice(0, 3).join('.'))
    expect(new Set(ranges).size).toBe(3)
    expect(await Promise.all(machines.hosts.map((host) => pods.networkCondition(host)))).toEqual(Array(3).fill('False'))
  })

  it('takes machines to Pods, and Pods to machines and to the world', async () => {
    const [, second = ''] = addresses
    const page = (address: string) => get(address, '/', HOST_PORT)
    const outside = ['sh', '-c', `busybox nc -w 3 ${machines.lab.switchAddress} 7443 </dev/null && echo connected`]
    const pages = ['h1', 'h2'].map((host) => pods.inPod('h1', ...page(machines.lab.address(host))))
    for (const answer of await Promise.all(pages)) expect(answer).toMatch(/here\n$/)
    expect(await pods.inPod('h1', ...outside)).toBe('connected\n')
    const seen = await Promise.all(['h1', 'h2'].map((host) => pods.onHost(host, ...whoAmI(second))))
    // Each machine has an address of its own on the Pods' link.
    expect(new Set(seen).size).toBe(2)
  })

  it('fits what the machines’ own network carries', async () => {
    const [first = '', second = '', third = ''] = addresses
    const mtus = machines.hosts.map((host) => pods.inPod(host, 'cat', '/sys/class/net/eth0/mtu'))
    expect(await Promise.all(mtus)).toEqual(['1450\n', '1450\n', '1350\n'])
    const transfers = [pods.inPod('h1', ...bigFile(third)), pods.inPod('h3', ...bigFile(first))]
    for (const bytes of await Promise.all(transfers)) expect(Number(bytes)).toBeGreaterThan(BIG_BYTES)
    await pods.inPod('h1', 'ping', '-c', '1', '-s', '60000', '-W', '3', second)
  })

  it('spares what Pods send each other the machine’s own rules, which judge what they send elsewhere', async () => {
    const [first = '', second = ''] = addresses
    const rules = (...args: string[]) => machines.lab.exec('h1', 'iptables', '-w', ...args)
    // How many packets get there: a rule without a target counts. Docker's own chain is not there with its nftables backend.
    const counts = ['FORWARD', '-s', first, '-d', second]
    await rules('-I', ...counts)
    await eventually('packets are spared the rules', async () => {
      await rules('-Z', 'FORWARD', '1')
      await pods.inPod('h1', ...bigFile(second))
      const [, , rule = ''] = (await rules('-nvxL', 'FORWARD')).split('\n')
      return rule.trim().startsWith('0 ')
    })
    await rules('-D', ...counts)
    const refuses = ['FORWARD', '-s', first, '-p', 'tcp', '--dport', '7443', '-j', 'DROP']
    await rules('-I', ...refuses)
    const outside = ['sh', '-c', `busybox nc -w 1 ${machines.lab.switchAddress} 7443 </dev/null`]
    await expect(pods.inPod('h1', ...outside)).rejects.toThrow()
    await rules('-D', ...refuses)
    await pods.inPod('h1', ...outside)
  })

  it('has Services on each machine, met from Pods by a cluster address and from machines by any machine’s node port', async () => {
    await machines.kubectl('label', 'pods', '--all', 'serves=web')
    await machines.apply(SERVICE)
    const { spec } = await machines.get<Service>('service', 'web')
    const { clusterIP = '', ports: [{ nodePort = 0 } = {}] = [] } = spec
    await eventually('the Service answers', () => pods.inPod('h1', ...get(clusterIP, '/cgi-bin/who')), 10_000)
    const asked = machines.hosts.flatMap((host, from) => [1, 2, 3].map(() => ({ host, own: addresses[from] ?? '' })))
    const seen = asked.map(({ host }) => pods.inPod(host, ...get(clusterIP, '/cgi-bin/who')))
    for (const [index, answer] of (await Promise.all(seen)).entries()) expect(answer).toContain(asked[index]?.own)
    const ways = machines.hosts.flatMap((from) => machines.hosts.map((to) => ({ from, to })))
    const fromOutside = ({ from, to }: (typeof ways)[number]) =>
      eventually(`${from} reaches the node port of ${to}`, async () => {
        const answer = await pods.onHost(from, ...get(machines.lab.address(to), '/cgi-bin/who', nodePort))
        return answer.includes('200 OK')
      })
    await Promise.all(ways.map(fromOutside))
    await Promise.all(machines.hosts.map((host) => pods.onHost(host, ...get(clusterIP, '/cgi-bin/who'))))
    await machines.kubectl('patch', 'service', 'web', '-p', '{"spec":{"externalTrafficPolicy":"Local"}}')
    await eventually('a Pod sees the address of a client on another machine', async () => {
      const answer = await pods.onHost('h1', ...get(machines.lab.address('h2'), '/cgi-bin/who', nodePort))
      return answer.includes(`:${machines.lab.address('h1')}]`)
    })
  })

  it('goes on between all other machines when the link of two is cut, and everywhere when it is back', async () => {
    const reaches = (from: string, to: number) => pods.inPod(from, 'ping', '-c', '1', '-W', '1', addresses[to] ?? '')
    const before = await Promise.all(machines.hosts.map((host) => machines.containers(host)))
    await machines.lab.cut('h1', 'h2')
    await Promise.all([reaches('h1', 2), reaches('h2', 2), reaches('h3', 0), reaches('h3', 1)])
    await expect(reaches('h1', 1)).rejects.toThrow('100% packet loss')
    await machines.lab.heal('h1')
    await eventually('the two reach each other again', () => reaches('h1', 1), 30_000)
    expect(await Promise.all(machines.hosts.map((host) => machines.containers(host)))).toEqual(before)
  })

  it('needs neither agents nor the control plane to go on', async () => {
    const byName = async () => (await pods.inPod('h1', ...get('web', '/cgi-bin/who'))).includes('200 OK')
    await machines.killServer()
    expect(await byName()).toBe(true)
    await machines.lab.killProcess('h1', 'agent')
    await eventually('other machines are asked for names', byName, 20_000)
    await Promise.all(['h2', 'h3'].map((host) => machines.lab.killProcess(host, 'agent')))
    await pods.allReachAll(addresses)
    // Agents find what they need to know beside them. This one is to spare nothing the machine's rules.
    expect(await machines.lab.exec('h1', ...LIST_TABLES)).toContain('kubette-')
    await machines.startAgent('h1', '--no-shortcuts')
    await pods.removeContainer('h1', 'kubette_gateway')
    const gateways = () => machines.lab.exec('h1', 'docker', 'ps', '-q', '--filter', 'name=kubette_gateway')
    await eventually('the gateway is there again', gateways, 20_000)
    await machines.startServer()
    await Promise.all(['h2', 'h3'].map((host) => machines.startAgent(host)))
    for (const host of machines.hosts) await new WebOnMachines(machines).nodeIsReady(host)
    await pods.allReachAll(addresses)
    await eventually('nothing is spared the rules of h1', async () => {
      return !(await machines.lab.exec('h1', ...LIST_TABLES)).includes('kubette-')
    })
  })

  it('heals what somebody took away, and what a machine’s new address breaks', async () => {
    // As a DHCP client does it.
    const takeAddress = [
      'ip addr flush dev eth0 scope global',
      `ip addr add ${NEW_ADDRESS}/24 dev eth0`,
      `ip route add default via ${machines.lab.switchAddress}`,
    ].join(' && ')
    const device = (await machines.lab.exec('h1', 'sh', '-c', 'ls /sys/class/net | grep kbv-')).trim()
    const before = await machines.containers('h3')
    await Promise.all([
      machines.lab.exec('h1', 'ip', 'link', 'del', device),
      pods.removeContainer('h2', 'kubette_uplink'),
      machines.lab.exec('h3', 'sh', '-c', `${takeAddress}; ip link del ${device.replace('kbv', 'kbb')}`),
    ])
    await allReachAll()
    await eventually('the machine is a node by its new address', async () => {
      const node = await machines.get<Node>('node', 'h3')
      return node.status?.addresses?.[0]?.address === NEW_ADDRESS && isUsable(node)
    })
    expect(await machines.containers('h3')).toEqual(before)
  })

  it('comes back with a machine that was switched off, and with a dockerd that was started again', async () => {
    await Promise.all([
      machines.powerOff('h2').then(() => machines.powerOn('h2')),
      machines.lab.killProcess('h1', 'dockerd').then(() => machines.lab.restartDocker('h1')),
    ])
    await eventually('all Pods have a sandbox again', async () => {
      addresses = await pods.addresses()
      return pods.allReachAll(addresses)
    })
  })

  it('is removed with the cluster', async () => {
    expect(await machines.lab.exec('h3', ...LIST_TABLES)).toContain('kubette-')
    await machines.removeNode('h3')
    expect(await machines.lab.exec('h3', ...LIST_TABLES)).not.toContain('kubette-')
    expect(await machines.lab.exec('h3', 'sh', '-c', 'ls /sys/class/net')).not.toMatch(/kb[bv]-/)
  })
})
