import { SHORT_MEMORY } from '../../agent/network/conntrack/short-memory.ts'
import { Links } from '../../agent/network/netlink/links.ts'
import { NetlinkClient } from '../../agent/network/netlink/netlink-client.ts'
import { NETLINK_ROUTE } from '../../agent/network/netlink/with-netlink.ts'
import type { PodNetwork } from '../../agent/network/pod-network.ts'
import { SocketRelays } from '../../agent/network/socket-relays.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import type { Runtime, SandboxState } from '../../agent/runtime/runtime.ts'
import type { SocketAddress } from '../../agent/runtime/socket-relay.ts'
import { systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { loadTestImage } from './test-image.ts'
import { joinTestNetwork } from './test-pod-network.ts'

const clock = systemClock()
const NEWLINE = Buffer.from('\n')

/** Sandboxes on real Docker that answer with their names, and one from which a shell asks. */
export class ServiceNamespaces {
  readonly runtime: Runtime
  readonly relays: SocketRelays
  readonly #name: string
  readonly #clusterId: string
  #image = ''
  #network: PodNetwork | undefined

  constructor(name: string, nodeName = 'here') {
    this.#name = name
    this.#clusterId = `${process.pid}-${name}`
    this.runtime = createDockerRuntime({ clusterId: this.#clusterId, nodeName, clock, log: silentLogger })
    this.relays = new SocketRelays((id, signal) => this.runtime.openSockets(id, signal))
  }

  /** Resolves with the range that all are in, without its last number. */
  async start(): Promise<string> {
    this.#image = `kubette-test/${this.#clusterId}:1`
    await loadTestImage({ reference: this.#image, clusterId: this.#clusterId })
    this.#network = await joinTestNetwork(this.runtime, `s${process.pid}`)
    const { subnet } = this.#network
    return subnet.slice(0, subnet.lastIndexOf('.'))
  }

  /** Those of another node, on the same machine. */
  async ofMate(nodeName: string): Promise<ServiceNamespaces> {
    const mate = new ServiceNamespaces(this.#name, nodeName)
    if (this.#network) await mate.runtime.ensurePodNetwork(this.#network)
    return mate
  }

  sandbox(name: string, address: string, sysctls = SHORT_MEMORY): Promise<SandboxState> {
    // Docker knows sandboxes by the first letters.
    const pod = { uid: `${process.pid}${name}-uid`, namespace: 'default', name }
    const rest = { hosts: [], ports: [], hostNetwork: false, volumes: [], sysctls }
    return this.runtime.runSandbox({ pod, hostname: name, address, ...rest })
  }

  /** Answers on these ports, TCP and UDP, with what came and its own name, and to `who` with the client's address. */
  async serve({ id, pod }: SandboxState, ...ports: number[]): Promise<void> {
    const relay = await this.relays.of(id)
    for (const port of ports) {
      const udp = await relay.udp('0.0.0.0', port)
      const answer = (data: Buffer, from?: SocketAddress) =>
        Buffer.from(String(data) === 'who' ? `${from?.address}` : `${data}${pod.name}`)
      udp.onMessage((data, from) => void udp.send(answer(data, from), from))
      const tcp = await relay.tcp('0.0.0.0', port)
      tcp.onConnection(async (connection) => {
        for await (const data of connection.input)
          await connection.write(Buffer.concat([answer(data, connection.from), NEWLINE]))
        connection.close()
      })
    }
  }

  /** Nothing reaches it any more, nor comes from it. */
  async unplug({ id }: SandboxState): Promise<void> {
    const links = new Links(new NetlinkClient(await (await this.relays.of(id)).netlink(NETLINK_ROUTE)))
    for (const { index, name } of await links.list()) if (name === 'eth0') await links.change(index, { up: false })
  }

  /** A container with a shell, which runs this. Resolves with its id. */
  async shell(sandbox: SandboxState, script = 'sleep 1000'): Promise<string> {
    const image = await this.runtime.inspectImage(this.#image)
    const id = await this.runtime.createContainer({
      ...{ pod: sandbox.pod, sandboxId: sandbox.id, name: 'shell', restartCount: 0, specHash: '', annotations: {} },
      ...{ image: this.#image, imageId: image?.id ?? '', command: ['sh', '-c', script], env: [], mounts: [] },
      ...{ resources: {}, oomScoreAdj: 0, tty: false, stdin: false, stdinOnce: false },
    })
    await this.runtime.startContainer(id)
    return id
  }

  async close(): Promise<void> {
    this.relays.close()
    await removeEverything({ clusterId: this.#clusterId, clock, log: silentLogger })
  }
}
