import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { clusterIdOf } from '../controlplane/cluster-id.ts'
import type { Deployment, Node, Pod } from '../shared/api/kinds.ts'
import { type Clock, sleep } from '../shared/clock.ts'
import { formatMilli } from '../shared/quantity.ts'
import { systemRandom } from '../shared/random.ts'
import { ApiClient } from './api-client.ts'
import { type ClusterSnapshot, ClusterView, isAvailable, isUsable, type Screen } from './cluster-view.ts'
import { CommandFailure } from './command-failure.ts'
import { applyExample, getExample, readExample } from './example.ts'
import { provideExampleImage } from './example-image.ts'
import { freeRanges } from './free-ranges.ts'
import { createJoinToken } from './join-token.ts'
import { machineSize } from './local-docker.ts'
import { dataDirectory } from './options.ts'
import { claimProcessFile } from './process-file.ts'
import { ProcessLog } from './process-log.ts'
import { SupervisedProcess } from './supervisor.ts'

export interface DemoClusterOptions {
  dataDir: string
  port: number
  nodes: number
  /** What the control plane is given beside, as `--name=value`. */
  serverArguments: readonly string[]
  /** What each agent is given beside, as `--name=value`; devices go to the first alone, as none may serve two. */
  nodeArguments: readonly string[]
  example: boolean
  clock: Clock
  screen: Screen
}

const POLL_MS = 300
const HINT_AFTER_MS = 60_000

/** What `kubette up` runs: one control plane and several agents, each a process of its own, on one Docker. */
export class DemoCluster {
  readonly #options: DemoClusterOptions
  readonly #view: ClusterView
  readonly #processes: SupervisedProcess[] = []
  readonly #stopping = new AbortController()
  #release: () => void = () => {}

  constructor(options: DemoClusterOptions) {
    this.#options = options
    this.#view = new ClusterView(options.screen)
  }

  /** Resolves when all nodes are Ready and the example is available. Throws a CommandFailure when it cannot begin. */
  async start(): Promise<void> {
    const { dataDir, screen } = this.#options
    mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 })
    this.#release = claimProcessFile(join(dataDir, 'up.pid'))
    screen.write(`kubette: starting; state and logs are in ${dataDir}\n`)
    await this.#startServer()
    const api = ApiClient.fromKubeconfig(this.kubeconfigPath)
    try {
      await this.#startAgents(api)
      if (this.#options.example) await this.#provideImage(api)
      await this.#showUntilReady(api)
    } finally {
      api.close()
    }
    screen.write(`kubette is ready: export KUBECONFIG=${this.kubeconfigPath}; kubectl get pods -o wide\n`)
    const down = dataDir === dataDirectory(undefined) ? 'npm run down' : `npm run down -- --data ${dataDir}`
    screen.write(`Ctrl-C stops the control plane and the agents, not the Pods; \`${down}\` removes everything.\n`)
    if (!isOnPath('kubectl')) screen.write('There is no kubectl here yet: https://kubernetes.io/docs/tasks/tools\n')
  }

  get kubeconfigPath(): string {
    return join(this.#options.dataDir, 'kubeconfig')
  }

  /** Ends the processes; Pods run on. */
  async stop(): Promise<void> {
    this.#stopping.abort(new CommandFailure('stopped'))
    // Agents first, so that none of them sees its control plane vanish.
    await Promise.all(this.#processes.slice(1).map((process) => process.stop()))
    await this.#processes[0]?.stop()
    this.#release()
  }

  async #startServer(): Promise<void> {
    const { dataDir, port, serverArguments } = this.#options
    const args = ['server', '--data', dataDir, '--port', String(port), ...(await this.#ranges()), ...serverArguments]
    await this.#startProcess('server', args).catch((error) => {
      throw new CommandFailure(error.message)
    })
  }

  /** What somebody has said counts. */
  async #ranges(): Promise<string[]> {
    const isSaid = this.#options.serverArguments.some((argument) => /^--(cluster|service)-cidr=/.test(argument))
    const ranges = isSaid ? undefined : await freeRanges({ ...this.#options, random: systemRandom })
    return ranges ? [`--cluster-cidr=${ranges.clusterCidr}`, `--service-cidr=${ranges.serviceCidr}`] : []
  }

  async #startAgents(api: ApiClient): Promise<void> {
    const { dataDir, nodes, nodeArguments } = this.#options
    const capacity = await this.#capacityPerNode()
    const token = await createJoinToken(api, { ttlMs: 3_600_000, description: 'kubette up' })
    const starting = Array.from({ length: nodes }, (_, index) => {
      const name = `node-${index + 1}`
      const folder = join(dataDir, 'nodes', name)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const own = index === 0 ? nodeArguments : nodeArguments.filter((argument) => !argument.startsWith('--device='))
      const args = ['agent', '--server', api.server, '--name', name, '--data', folder, '--capacity', capacity]
      return this.#startProcess(name, [...args, ...own], { KUBETTE_TOKEN: token })
    })
    await Promise.all(starting)
  }

  async #capacityPerNode(): Promise<string> {
    const { nodes, clock } = this.#options
    const { cpus, memoryBytes } = await machineSize(clock)
    const milli = Math.floor((cpus * 1000) / nodes)
    const mebibytes = Math.floor(memoryBytes / nodes / 1024 / 1024)
    return `cpu=${formatMilli(milli)},memory=${mebibytes}Mi`
  }

  async #provideImage(api: ApiClient): Promise<void> {
    const image = readExample().spec.template.spec?.containers[0]?.image ?? ''
    await provideExampleImage(image, { ...this.#options, clusterId: clusterIdOf({ hash: api.caHash }) })
  }

  async #startProcess(name: string, args: string[], environment: Record<string, string> = {}): Promise<void> {
    const { dataDir, clock } = this.#options
    const log = new ProcessLog(clock, join(dataDir, 'logs', `${name}.log`))
    const tell = (what: string) => this.#view.say(`kubette: ${name} ${what}`)
    const process = new SupervisedProcess(clock, { args, environment, log, tell })
    this.#processes.push(process)
    await process.start().catch((error: Error) => {
      const said = log.lastLine().replace(/^kubette: /, '')
      throw new CommandFailure(`${name} ${error.message}: ${said} (all of it: ${log.path})`)
    })
  }

  async #look(api: ApiClient): Promise<ClusterSnapshot & { example: Deployment | undefined }> {
    const nodes = (await api.call<{ items: Node[] }>('GET', '/api/v1/nodes')).items
    const pods = (await api.call<{ items: Pod[] }>('GET', '/api/v1/namespaces/default/pods')).items
    const example = this.#options.example ? await getExample(api, readExample()) : undefined
    return { nodes, pods, example }
  }

  async #showUntilReady(api: ApiClient): Promise<void> {
    const { clock, nodes: wanted, example } = this.#options
    const hint = clock.after(HINT_AFTER_MS, () => {
      this.#view.say('kubette: this takes long; `kubectl describe pods` and the logs say why. Still waiting ...')
    })
    try {
      for (;;) {
        // A control plane that has died is started again; until then there is nothing to see.
        const seen = await this.#look(api).catch(() => undefined)
        if (seen) this.#view.show(seen)
        const allReady = seen !== undefined && seen.nodes.filter(isUsable).length >= wanted
        if (allReady && (!example || isAvailable(seen.example))) return
        // Not before: Pods never move, and these are to show all nodes.
        if (allReady && example && !seen.example) await applyExample(api, readExample())
        await sleep(clock, POLL_MS, this.#stopping.signal)
      }
    } finally {
      hint.cancel()
      this.#view.leave()
    }
  }
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}
