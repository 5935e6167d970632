import { SocketRelays } from '../../agent/network/socket-relays.ts'
import { createDockerRuntime } from '../../agent/runtime/docker/docker-runtime.ts'
import { removeEverything } from '../../agent/runtime/docker/remove-everything.ts'
import type { Runtime, SandboxState } from '../../agent/runtime/runtime.ts'
import { systemClock } from '../../shared/clock.ts'
import { silentLogger } from '../../shared/log.ts'
import { loadTestImage } from './test-image.ts'
import { joinTestNetwork } from './test-pod-network.ts'

const clock = systemClock()

/** Sandboxes on real Docker that answer with their names, and one from which a shell asks. */
export class ServiceNamespaces {
  readonly runtime: Runtime
  readonly relays: SocketRelays
  readonly #clusterId: string
  #image = ''

  constructor(name: string) {
    this.#clusterId = `${process.pid}-${name}`
    this.runtime = createDockerRuntime({ clusterId: this.#clusterId, nodeName: 'here', clock, log: silentLogger })
    this.relays = new SocketRelays((id, signal) => this.runtime.openSockets(id, signal))
  }

  /** Resolves with the range that all are in, without its last number. */
  async start(): Promise<string> {
    this.#image = `kubette-test/${this.#clusterId}:1`
    await loadTestImage({ reference: this.#image, clusterId: this.#clusterId })
    const { subnet } = await joinTestNetwork(this.runtime, `s${process.pid}`)
    return subnet.slice(0, subnet.lastIndexOf('.'))
  }

  sandbox(name: string, address: string): Promise<SandboxState> {
    // Docker knows sandboxes by the first letters.
    const pod = { uid: `${process.pid}${name}-uid`, namespace: 'default', name }
    const rest = { hosts: [], ports: [], hostNetwork: false, volumes: [] }
    return this.runtime.runSandbox({ pod, hostname: name, address, ...rest })
  }

  /** Answers on these ports, TCP and UDP, with what came and its own name. */
  async serve({ id, pod }: SandboxState, ...ports: number[]): Promise<void> {
    const relay = await this.relays.of(id)
    for (const port of ports) {
      const udp = await relay.udp('0.0.0.0', port)
      udp.onMessage((data, from) => void udp.send(Buffer.from(`${data}${pod.name}`), from))
      const tcp = await relay.tcp('0.0.0.0', port)
      tcp.onConnection(async (connection) => {
        for await (const data of connection.input) await connection.write(Buffer.from(`${data}${pod.name}\n`))
        connection.close()
      })
    }
  }

  /** A container with a shell. Resolves with its id. */
  async shell(sandbox: SandboxState): Promise<string> {
    const image = await this.runtime.inspectImage(this.#image)
    const id = await this.runtime.createContainer({
      ...{ pod: sandbox.pod, sandboxId: sandbox.id, name: 'shell', restartCount: 0, specHash: '', annotations: {} },
      ...{ image: this.#image, imageId: image?.id ?? '', command: ['sleep', '1000'], env: [], mounts: [] },
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
