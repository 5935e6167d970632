import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endOnSignal } from './end-on-signal.ts'
import { kubectlPath } from './kubectl.ts'
import { KUBETTE } from './kubette.ts'
import { Lab } from './lab.ts'
import { eventually, run } from './shell.ts'

/** One control plane and an agent on each of several lab machines, installed as a user would: with a token. */
export class Machines {
  readonly lab: Lab
  readonly hosts: readonly string[]
  readonly #off = new Set<string>()
  readonly #folder = mkdtempSync(join(tmpdir(), 'kubette-machines-'))

  readonly #agentOptions: readonly string[]
  readonly #staysOnSignal = endOnSignal(() => this.stop())
  #manifests = 0

  private constructor(lab: Lab, hosts: readonly string[], agentOptions: readonly string[]) {
    this.lab = lab
    this.hosts = hosts
    this.#agentOptions = agentOptions
  }

  static async start(count: number, agentOptions: readonly string[] = []): Promise<Machines> {
    const lab = await Lab.up(count)
    const machines = new Machines(
      lab,
      Array.from({ length: count }, (_, index) => `h${index + 1}`),
      agentOptions,
    )
    try {
      await machines.#install()
    } catch (error) {
      await machines.stop()
      throw error
    }
    return machines
  }

  async #install(): Promise<void> {
    await this.startServer()
    const token = await this.kubette('token', 'create', '--data', this.#serverData)
    writeFileSync(join(this.#folder, 'token'), token, { mode: 0o600 })
    await Promise.all(this.hosts.map((host) => this.startAgent(host)))
  }

  get #serverData(): string {
    return join(this.#folder, 'server')
  }

  get #serverPidFile(): string {
    return join(this.#folder, 'server.process')
  }

  isOn(host: string): boolean {
    return !this.#off.has(host)
  }

  async powerOff(host: string): Promise<void> {
    this.#off.add(host)
    await this.lab.powerOff(host)
  }

  async powerOn(host: string): Promise<void> {
    await this.lab.powerOn(host)
    await this.startAgent(host)
    this.#off.delete(host)
  }

  /** On the lab's switch, beside the machines. Resolves when the API answers. */
  async startServer(): Promise<void> {
    const command = [process.execPath, KUBETTE, 'server', '--host', this.lab.switchAddress, '--data', this.#serverData]
    const [program, args] = this.lab.onSwitch(...command)
    const line = [program, ...args].map((word) => `'${word}'`).join(' ')
    await run('sh', ['-c', `setsid ${line} >>${this.#folder}/server.log 2>&1 & echo $! > ${this.#serverPidFile}`])
    await eventually('the API answers', () => this.kubectl('get', '--raw', '/readyz'), 20_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${readFileSync(join(this.#folder, 'server.log'), 'utf8')}`)
    })
  }

  async killServer(): Promise<void> {
    await run('sh', ['-c', `kill -9 "$(cat ${this.#serverPidFile})"`])
  }

  async startAgent(host: string, ...options: string[]): Promise<void> {
    await this.lab.spawn(host, 'agent', ...this.agentCommand(host, join(this.#folder, host)), ...options)
  }

  /** What a user does on a machine that shall be no node any more. */
  async removeNode(host: string): Promise<void> {
    await this.lab.exec(host, process.execPath, KUBETTE, 'down', '--data', join(this.#folder, host))
  }

  /** The words that make a machine the node `name`. */
  agentCommand(name: string, data: string): string[] {
    const server = `https://${this.lab.switchAddress}:7443`
    const token = join(this.#folder, 'token')
    const command = [process.execPath, KUBETTE, 'agent', '--server', server, '--name', name, '--data', data]
    return [...command, '--token-file', token, '--capacity', 'cpu=2,memory=2Gi', ...this.#agentOptions]
  }

  async kubectl(...args: string[]): Promise<string> {
    const kubectl = [await kubectlPath('1.36'), '--kubeconfig', join(this.#serverData, 'kubeconfig'), ...args]
    return run(...this.lab.onSwitch(...kubectl))
  }

  /** kubectl apply of a manifest given as an object. */
  async apply(manifest: object): Promise<void> {
    await this.kubectl('apply', '-f', this.#manifest(manifest))
  }

  /** A POST of an object to a path of the API. */
  async create(path: string, object: object): Promise<void> {
    await this.kubectl('create', '--raw', path, '-f', this.#manifest(object))
  }

  async get<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.kubectl('get', ...args, '-o', 'json')) as T
  }

  /** A file of its own for each. */
  #manifest(object: object): string {
    const file = join(this.#folder, `manifest-${this.#manifests++}.json`)
    writeFileSync(file, JSON.stringify(object))
    return file
  }

  kubette(...args: string[]): Promise<string> {
    return run(...this.lab.onSwitch(process.execPath, KUBETTE, ...args))
  }

  /** Ids of the containers that run for Pods on a machine, sandboxes included, with the name of the Pod of each. */
  async containers(host: string, ...filters: string[]): Promise<{ id: string; pod: string }[]> {
    const output = await run('docker', [
      ...['-H', `unix://${this.lab.dockerSocket(host)}`, 'ps', '--no-trunc'],
      ...['--filter', 'label=io.kubernetes.pod.name', ...filters],
      ...['--format', '{{.ID}} {{.Label "io.kubernetes.pod.name"}}'],
    ])
    const rows = output.split('\n').filter(Boolean)
    return rows
      .map((row) => ({ id: row.split(' ')[0] ?? '', pod: row.split(' ')[1] ?? '' }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  async stop(): Promise<void> {
    await this.killServer().catch(() => {})
    await this.lab.down()
    rmSync(this.#folder, { recursive: true, force: true })
    this.#staysOnSignal()
  }
}
