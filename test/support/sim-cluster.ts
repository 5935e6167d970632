import { createHash } from 'node:crypto'
import type { Client } from '../../controlplane/client/client.ts'
import { createLocalClient } from '../../controlplane/client/local-client.ts'
import { type Core, startCore } from '../../controlplane/core.ts'
import { createRegistry } from '../../controlplane/registry/create-registry.ts'
import { VOLATILE_PREFIXES } from '../../controlplane/registry/storage-keys.ts'
import { MemoryStore } from '../../controlplane/store/memory-store.ts'
import { type Logger, silentLogger } from '../../shared/log.ts'
import type { Random } from '../../shared/random.ts'
import { RecordedStore } from './recorded-store.ts'
import { seededRandom } from './seeded-random.ts'
import { SeverableStore } from './severable-store.ts'
import { SimAgent } from './sim-agent.ts'
import type { SimSeams } from './sim-seams.ts'
import { VirtualClock } from './virtual-clock.ts'
import { writeGist } from './write-gist.ts'

export interface SimClusterOptions {
  seed: number
  nodes: number
  log?: Logger
  /** Called once, before anything runs. */
  seams?: (cluster: SimCluster) => SimSeams
}

/**
 * A whole cluster in this process and in virtual time: the real control plane over a memory store, and real agents
 * over fake runtimes, joined by sockets in memory. The same seed gives the same run, to the last write.
 */
export class SimCluster {
  readonly clock = new VirtualClock()
  /** What outlives the control plane. */
  readonly disk = new MemoryStore()
  readonly store = new RecordedStore(this.disk, this.clock)
  readonly agents: readonly SimAgent[]
  /** Looks at the store past all failures; for tests to watch and to write with. */
  readonly user: Client
  readonly #random: Random
  readonly log: Logger
  readonly #seams: SimSeams
  /** Every write so far, and what tests noted, with the time. */
  readonly trace: string[] = []
  readonly #end = new AbortController()
  #controlPlane: { core: Core; store: SeverableStore } | undefined

  private constructor({ seed, nodes, log = silentLogger, seams }: SimClusterOptions) {
    this.log = log
    this.#random = seededRandom(seed)
    const { clock } = this
    // Chance of its own: who looks on must not change what happens.
    this.user = createLocalClient(createRegistry({ store: this.store, clock, random: seededRandom(~seed) }))
    this.#seams = seams?.(this) ?? {}
    this.agents = Array.from({ length: nodes }, (_, index) => this.#newAgent(index + 1))
  }

  /** With every node Ready. */
  static async start(options: SimClusterOptions): Promise<SimCluster> {
    const cluster = new SimCluster(options)
    void cluster.#record()
    await cluster.startControlPlane()
    for (const agent of cluster.agents) agent.start()
    await cluster.clock.until(() => cluster.#core?.nodeHub.connected().length === options.nodes)
    return cluster
  }

  get isControlPlaneRunning(): boolean {
    return this.#controlPlane !== undefined
  }

  /** As the control plane's own parts have it; undefined while it is not running. */
  get client(): Client | undefined {
    return this.#core?.client
  }

  async startControlPlane(): Promise<void> {
    if (this.#controlPlane) return
    await this.#forgetVolatile()
    const store = new SeverableStore(this.store)
    const options = { clusterId: 'simulated', clock: this.clock, random: this.#random, log: this.log }
    const core = await startCore({ ...options, store, seams: this.#seams })
    this.#controlPlane = { core, store }
  }

  /** While it refuses, the control plane reads on and can write nothing. */
  setStoreRefuses(refuses: boolean): void {
    if (this.#controlPlane) this.#controlPlane.store.refusesWrites = refuses
  }

  /** kill -9: what it was about to do never happens. */
  crashControlPlane(): void {
    const { core, store } = this.#controlPlane ?? {}
    this.#controlPlane = undefined
    store?.sever()
    this.#seams.afterCrash?.()
    for (const agent of this.agents) agent.loseConnection()
    void core?.stop()
  }

  async stopControlPlane(): Promise<void> {
    const core = this.#core
    this.#controlPlane = undefined
    let stopped = false
    void core?.stop().then(() => {
      stopped = true
    })
    if (core) await this.clock.until(() => stopped)
  }

  /** Adds what a test does to the trace, so that it shows what followed from what. */
  note(text: string): void {
    this.trace.push(`${new Date(this.clock.now()).toISOString().slice(11, 23)} ${text}`)
  }

  async close(): Promise<void> {
    for (const agent of this.agents) agent.crash()
    await this.stopControlPlane()
    this.#end.abort()
  }

  /** What the real store keeps in memory only is not there after a restart. */
  async #forgetVolatile(): Promise<void> {
    for (const prefix of VOLATILE_PREFIXES) {
      const { items } = await this.store.list(prefix)
      for (const { key, revision } of items) await this.store.delete(key, revision)
    }
  }

  get #core(): Core | undefined {
    return this.#controlPlane?.core
  }

  #newAgent(number: number): SimAgent {
    return new SimAgent({
      name: `node-${number}`,
      number,
      clock: this.clock,
      random: this.#random,
      log: this.log,
      seams: this.#seams,
      accept: (socket, nodeName) => {
        if (!this.#core) throw new Error('connection refused')
        this.#core.nodeHub.accept(socket, nodeName, `key of ${nodeName}`)
      },
    })
  }

  async #record(): Promise<void> {
    for await (const event of this.store.watch('', 0, this.#end.signal)) {
      const what = event.type === 'put' ? event.stored : event.previous
      const hash = createHash('sha256').update(what.value).digest('hex').slice(0, 12)
      this.note(`${event.type} ${what.key} ${hash} ${event.type === 'put' ? writeGist(what.key, what.value) : ''}`)
    }
  }
}
