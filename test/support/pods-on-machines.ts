import type { Node, Pod } from '../../shared/api/kinds.ts'
import type { Machines } from './machines.ts'
import { run } from './shell.ts'
import { shell, shellPod } from './shell-workloads.ts'

const PORT = 8080
/** More than fits in any packet, or in a connection's first window. */
export const BIG_BYTES = 300_000

/** Serves who asks at /cgi-bin/who, and a big file at /big. */
const SERVER = `
  mkdir -p /tmp/www/cgi-bin
  printf '#!/bin/sh\\nprintf "Content-type: text/plain\\\\n\\\\n%%s" "$REMOTE_ADDR"\\n' > /tmp/www/cgi-bin/who
  chmod +x /tmp/www/cgi-bin/who
  head -c ${BIG_BYTES} /dev/zero > /tmp/www/big
  trap "exit 0" TERM
  httpd -f -h /tmp/www -p ${PORT} & wait`

/** A Pod with a server on every machine of the lab, and ways to reach it from anywhere. */
export class PodsOnMachines {
  readonly #machines: Machines

  constructor(machines: Machines) {
    this.#machines = machines
  }

  async run(): Promise<void> {
    for (const host of this.#machines.hosts) {
      await this.#machines.apply(
        shellPod(`web-${host}`, [shell(SERVER)], { nodeName: host, tolerations: [{ operator: 'Exists' }] }),
      )
    }
    await this.areReady()
  }

  async areReady(): Promise<void> {
    await this.#machines.kubectl('wait', '--for=condition=Ready', 'pods', '--all', '--timeout=60s')
  }

  /** The Pods' addresses, in the order of the hosts. */
  async addresses(): Promise<string[]> {
    const { items } = await this.#machines.get<{ items: Pod[] }>('pods')
    return this.#machines.hosts.map((host) => items.find(({ spec }) => spec.nodeName === host)?.status?.podIP ?? '')
  }

  async networkCondition(host: string): Promise<string | undefined> {
    const { status } = await this.#machines.get<Node>('node', host)
    return status?.conditions?.find(({ type }) => type === 'NetworkUnavailable')?.status
  }

  /** Runs a command in the Pod of a host: through its Docker, so that nothing of Kubette's is needed. */
  async inPod(host: string, ...command: string[]): Promise<string> {
    const containers = await this.#machines.containers(host, '--filter', 'label=kubette.dev/kind=container')
    return this.#docker(host, 'exec', containers[0]?.id ?? '', 'busybox', ...command)
  }

  onHost(host: string, ...command: string[]): Promise<string> {
    return this.#machines.lab.exec(host, 'busybox', ...command)
  }

  removeContainer(host: string, name: string): Promise<string> {
    return this.#machines.lab.exec(host, 'sh', '-c', `docker rm -f $(docker ps -aq --filter name=${name})`)
  }

  /** Each Pod reaches each, and is seen under its own address. */
  async allReachAll(addresses: readonly string[]): Promise<boolean> {
    const pairs = this.#machines.hosts.flatMap((host, from) =>
      addresses.map((to) => ({ host, to, own: addresses[from] })),
    )
    const seen = await Promise.all(pairs.map(({ host, to }) => this.inPod(host, ...whoAmI(to))))
    const wrong = pairs.filter(({ own }, index) => !seen[index]?.endsWith(`:${own}]`))
    if (wrong.length > 0) throw new Error(`not seen under their own address: ${JSON.stringify({ wrong, seen })}`)
    return true
  }

  #docker(host: string, ...args: string[]): Promise<string> {
    return run('docker', ['-H', `unix://${this.#machines.lab.dockerSocket(host)}`, ...args], { timeoutMs: 20_000 })
  }
}

/** Busybox' own program for that does not run without the libraries of its machine. */
export function get(address: string, path: string, port = PORT): string[] {
  return ['sh', '-c', `printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 5 ${address} ${port}`]
}

export function whoAmI(address: string): string[] {
  return get(address, '/cgi-bin/who')
}

/** Prints how many bytes came. */
export function bigFile(address: string): string[] {
  const [shell = '', option = '', command = ''] = get(address, '/big')
  return [shell, option, `${command} | busybox wc -c`]
}
