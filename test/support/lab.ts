import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endOnSignal } from './end-on-signal.ts'
import { run, tryRun } from './shell.ts'

const SCRIPT = fileURLToPath(new URL('../lab/lab', import.meta.url))

export interface LabOptions {
  /** One of its own unless told. */
  name?: string
  /** The size of the disk that each host's Docker has for itself, such as `64m`; unless told it is this machine's. */
  dockerDisk?: string
}

const NETWORK = '10.77.0'

/**
 * Several machines on this one, each with a dockerd of its own: h1, h2 ... See test/lab/README.md. A signal that ends this
 * process ends the lab, too.
 */
export class Lab {
  readonly #folder = mkdtempSync(join(tmpdir(), 'kubette-lab-'))
  readonly #options: Required<LabOptions>
  readonly #staysOnSignal = endOnSignal(() => this.down())
  #coming: Promise<unknown> | undefined

  private constructor({ name, dockerDisk = '' }: LabOptions) {
    this.#options = { name: name ?? basename(this.#folder), dockerDisk }
  }

  static async up(hosts: number, options: LabOptions = {}): Promise<Lab> {
    const lab = new Lab(options)
    try {
      // In a group of its own: a Ctrl-C must not leave half of one, which could not be found.
      lab.#coming = run('setsid', ['--wait', SCRIPT, 'up', String(hosts)], { env: lab.#environment() })
      await lab.#coming
    } catch (error) {
      await lab.down()
      throw error
    }
    return lab
  }

  /** The address of the machine that the hosts see beside them: the lab's switch. */
  get switchAddress(): string {
    return `${NETWORK}.1`
  }

  address(host: string): string {
    return `${NETWORK}.${10 + Number(host.slice(1))}`
  }

  /** The Docker socket of a host, usable from outside of it. */
  dockerSocket(host: string): string {
    return join(this.#folder, 'hosts', host, 'run', 'docker.sock')
  }

  /** The directory of a host's Docker, as it is seen from outside. */
  dockerDirectory(host: string): string {
    return join(this.#folder, 'hosts', host, 'docker')
  }

  logFile(host: string, name: string): string {
    return join(this.#folder, 'hosts', host, `${name}.log`)
  }

  exec(host: string, ...command: string[]): Promise<string> {
    return this.#lab('exec', host, ...command)
  }

  /** Starts a process that lives as long as the host does. */
  spawn(host: string, name: string, ...command: string[]): Promise<string> {
    return this.#lab('spawn', host, name, ...command)
  }

  /** KILL for what `spawn` started under this name. */
  killProcess(host: string, name: string): Promise<string> {
    return this.exec(host, 'sh', '-c', `kill -9 "$(cat /run/${name}.pid)"`)
  }

  powerOff(host: string): Promise<string> {
    return this.#lab('kill', host)
  }

  powerOn(host: string): Promise<string> {
    return this.#lab('boot', host)
  }

  /** Starts the dockerd of a host again after it was killed. */
  async restartDocker(host: string): Promise<void> {
    await this.#lab('redock', host)
  }

  /** From now on the containers of a host outlive its dockerd (Docker's live-restore). */
  async keepContainersWithoutDocker(host: string): Promise<void> {
    const settings = JSON.stringify({ 'live-restore': true })
    await this.exec(
      host,
      'sh',
      '-c',
      `echo '${settings}' > /etc/docker/daemon.json && kill -HUP "$(cat /run/dockerd.pid)"`,
    )
  }

  /** Silently: the host from all others and from the control plane, or the link between two hosts only. */
  cut(host: string, peer?: string): Promise<string> {
    return this.#lab('cut', host, ...(peer === undefined ? [] : [peer]))
  }

  /** Packets of a host take so much longer each way; `rate` as tc has it: 10mbit. */
  slow(host: string, delayMs: number, rate?: string): Promise<string> {
    return this.#lab('slow', host, String(delayMs), ...(rate === undefined ? [] : [rate]))
  }

  /** A share of the packets of a host is lost, each way. */
  lose(host: string, percent: number): Promise<string> {
    return this.#lab('loss', host, String(percent))
  }

  /** Undoes all of these. */
  heal(host: string): Promise<string> {
    return this.#lab('heal', host)
  }

  /** The words that run a command on the switch: where the control plane and kubectl are in these tests. */
  onSwitch(...command: string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', `${this.#options.name}-sw`, ...command]]
  }

  async down(): Promise<void> {
    await this.#coming?.catch(() => {})
    await tryRun(SCRIPT, ['down'], { env: this.#environment() })
    rmSync(this.#folder, { recursive: true, force: true })
    this.#staysOnSignal()
  }

  #lab(...args: string[]): Promise<string> {
    return run(SCRIPT, args, { env: this.#environment() })
  }

  #environment(): Record<string, string> {
    const { name, dockerDisk } = this.#options
    return { LAB_DIR: join(this.#folder, 'hosts'), LAB_PREFIX: name, LAB_NET: NETWORK, LAB_DISK: dockerDisk }
  }
}
