import type { Container } from '../../shared/api/generated/core-v1.ts'
import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { ContainerState, SandboxState } from '../runtime/runtime.ts'
import { PodVolumes } from '../volumes/pod-volumes.ts'
import type { ContainerStarter } from './container-starter.ts'
import { ContainerStopper } from './container-stopper.ts'
import type { HandlerTarget } from './handlers/handler-target.ts'
import type { PodHooks } from './hooks/pod-hooks.ts'
import type { NodeContext } from './node-context.ts'
import type { Plan, PodAction, RunPostStart, StartContainer } from './plan.ts'
import type { PodEvents } from './pod-events.ts'
import type { PodMemory, StartFailure } from './pod-memory.ts'
import type { PodObservation } from './pod-observation.ts'
import { ContainerResizer } from './resize/container-resizer.ts'
import { SandboxStarter } from './sandbox-starter.ts'
import type { ContainerSources } from './spec/container-spec.ts'
import { podIPOf } from './spec/pod-ip.ts'
import { refusedFields, refusedMessage } from './spec/refused-fields.ts'
import { specHash } from './spec-hash.ts'

export interface PodExecutorOptions {
  node: NodeContext
  events: PodEvents
  starter: ContainerStarter
  hooks: PodHooks
}

const LINK_RETRY_MS = 10_000
const CONFIG_ERROR = 'CreateContainerConfigError'

export interface Execution {
  /** Something was done that may have changed what the runtime shows. */
  acted: boolean
  /** The sandbox that runs now, where it is new. */
  sandbox?: SandboxState
}

/** Does what a plan says, and remembers what came of it. */
export class PodExecutor {
  readonly #node: NodeContext
  readonly #events: PodEvents
  readonly #starter: ContainerStarter
  readonly #volumes: PodVolumes
  readonly #hooks: PodHooks
  readonly #sandbox: SandboxStarter
  readonly #stopper: ContainerStopper
  readonly #resizer: ContainerResizer
  readonly #startFailures = new Map<string, StartFailure>()

  constructor({ node, events, starter, hooks }: PodExecutorOptions) {
    this.#node = node
    this.#events = events
    this.#starter = starter
    this.#volumes = new PodVolumes({ runtime: node.runtime, guard: node.hostPathGuard, events })
    this.#hooks = hooks
    this.#sandbox = new SandboxStarter(node, events)
    this.#stopper = new ContainerStopper({ ...node, events, hooks })
    this.#resizer = new ContainerResizer(node)
  }

  get memory(): PodMemory {
    const { retryAtMs } = this.#sandbox
    const retry = retryAtMs === undefined ? {} : { sandboxRetryAtMs: retryAtMs }
    return {
      startFailures: this.#startFailures,
      stopping: this.#stopper.stopping,
      postStarts: this.#hooks.postStarts,
      resizeTries: this.#resizer.tries,
      ...retry,
    }
  }

  /** What was missing may be there now. True where anything was. */
  retryConfiguration(): boolean {
    const missing = [...this.#startFailures.values()].filter(({ reason }) => reason === CONFIG_ERROR)
    for (const failure of missing) failure.retryAtMs = this.#node.clock.monotonic()
    return missing.length > 0
  }

  /** What held up a container of another definition says nothing of the one that it is now. */
  forgetReplaced(before: Pod, now: Pod): void {
    const hashes = new Map(containersOf(before).map((container) => [container.name, specHash(container)]))
    for (const container of containersOf(now)) {
      if (hashes.get(container.name) !== specHash(container)) this.#startFailures.delete(container.name)
    }
  }

  /** What its volumes are made of is not what they were made of last. */
  areVolumesOutdated(pod: Persisted<Pod>): boolean {
    return this.#volumes.isOutdated(this.#sources(undefined, pod))
  }

  /** Brings the files in the volumes of a Pod that runs up to date. */
  async syncVolumes(sandbox: SandboxState, pod: Persisted<Pod>): Promise<void> {
    await this.#volumes.sync(sandbox.id, this.#sources(sandbox, pod))
  }

  /** True for a Pod that asks for what this version cannot give: then each container says so. */
  refuses(pod: Persisted<Pod>): boolean {
    const { volumes, others } = refusedFields(pod)
    if (volumes.length + others.length === 0) return false
    const message = refusedMessage([...volumes, ...others])
    const failure = { reason: CONFIG_ERROR, message, retryAtMs: Number.POSITIVE_INFINITY }
    for (const { name } of containersOf(pod)) this.#startFailures.set(name, failure)
    this.#events.atTimes(`refused ${message}`, () => {
      if (volumes.length > 0) this.#events.pod('Warning', 'FailedMount', refusedMessage(volumes))
      if (others.length > 0) this.#events.pod('Warning', 'Failed', `Error: ${refusedMessage(others)}`)
    })
    return true
  }

  async execute(plan: Plan, observed: PodObservation, pod: Persisted<Pod>): Promise<Execution> {
    this.#forgetRemoved(observed)
    let acted = false
    for (const action of plan.actions) {
      const result = await this.#perform(action, observed.sandbox, pod)
      if (result === 'waiting') return { acted }
      if (result !== 'done') return { acted: true, sandbox: result }
      acted = true
    }
    return { acted }
  }

  async #perform(
    action: PodAction,
    sandbox: SandboxState | undefined,
    pod: Persisted<Pod>,
  ): Promise<'done' | 'waiting' | SandboxState> {
    const { runtime } = this.#node
    switch (action.type) {
      case 'runSandbox':
        return this.#runSandbox(action.replacesDead, pod)
      case 'stopSandbox':
        await this.#stopSandbox(action.id)
        return 'done'
      case 'removeSandbox':
        this.#sandbox.leave(action.id)
        await runtime.removeSandbox(action.id)
        return 'done'
      case 'startContainer':
        return sandbox ? this.#start(action, sandbox, pod) : 'waiting'
      case 'runPostStart':
        this.#runPostStart(action, sandbox, pod)
        return 'done'
      case 'beginStop':
        this.#stopper.begin(action, pod, this.#handlerTarget(action.target, action.container, sandbox, pod))
        return 'done'
      case 'stopContainer':
        await this.#stopper.stop(action)
        return 'done'
      case 'killContainer':
        await this.#stopper.kill(action)
        return 'done'
      case 'resizeContainer':
        await this.#resizer.resize(action.target, action.resources)
        return 'done'
      case 'removeContainer':
        await runtime.removeContainer(action.id)
        return 'done'
      case 'removeVolumes':
        await runtime.removeVolumes(pod.metadata.uid)
        return 'done'
    }
  }

  async #stopSandbox(id: string): Promise<void> {
    this.#sandbox.leave(id)
    await this.#node.runtime.stopSandbox(id)
  }

  /** The containers after it wait for the hook, this worker does not. */
  #runPostStart(
    { target, container, hook }: RunPostStart,
    sandbox: SandboxState | undefined,
    pod: Persisted<Pod>,
  ): void {
    const at = this.#handlerTarget(target, container, sandbox, pod)
    this.#hooks.runPostStart(hook, pod, at, (message) => {
      const retryAtMs = this.#node.clock.monotonic()
      this.#startFailures.set(container.name, { reason: 'PostStartHookError', message, retryAtMs })
    })
  }

  #handlerTarget(
    { id }: ContainerState,
    container: Container,
    sandbox: SandboxState | undefined,
    pod: Pod,
  ): HandlerTarget {
    return { containerId: id, container, podIP: podIPOf(pod, sandbox, this.#node.hostIPs()) }
  }

  async #runSandbox(replacesDead: boolean, pod: Persisted<Pod>): Promise<'done' | 'waiting' | SandboxState> {
    const sources = this.#sources(undefined, pod)
    const volumes = await this.#volumes.prepare(sources)
    if (!volumes) return 'waiting'
    if (!replacesDead) this.#starter.expect(firstContainers(pod), sources)
    if (replacesDead) {
      this.#events.pod('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    }
    return (await this.#sandbox.start(pod, volumes)) ?? 'done'
  }

  async #start(action: StartContainer, sandbox: SandboxState, pod: Persisted<Pod>): Promise<'done' | 'waiting'> {
    const { name } = action.container
    if (!this.#volumes.isReady(sandbox.id)) return 'waiting'
    const unlinked = await this.#sandbox.link(sandbox)
    if (unlinked !== undefined) {
      const retryAtMs = this.#node.clock.monotonic() + LINK_RETRY_MS
      this.#startFailures.set(name, { reason: 'RunContainerError', message: unlinked, retryAtMs })
      return 'done'
    }
    const result = await this.#starter.start(action, sandbox, this.#sources(sandbox, pod))
    switch (result.outcome) {
      case 'started':
        this.#startFailures.delete(name)
        return 'done'
      case 'waiting':
        return 'waiting'
      case 'failed':
        this.#startFailures.set(name, { ...result.failure })
        return 'done'
      case 'sandboxUnfit':
        await this.#stopSandbox(sandbox.id)
        return 'done'
    }
  }

  #sources(sandbox: SandboxState | undefined, pod: Persisted<Pod>): ContainerSources {
    const { namespace = '' } = pod.metadata
    const { cpu = '0', memory = '0', 'ephemeral-storage': storage = '0' } = this.#node.allocatable()
    return {
      pod,
      podIP: sandbox?.ip,
      hostIPs: this.#node.hostIPs(),
      allocatable: { cpu, memory, 'ephemeral-storage': storage },
      configMap: (name) => this.#node.assignments().configMap(namespace, name),
      secret: (name) => this.#node.assignments().secret(namespace, name),
      claim: (name) => this.#node.assignments().claim(namespace, name),
      volume: (name) => this.#node.assignments().volumes.get(name),
      services: () => this.#node.services(),
    }
  }

  #forgetRemoved({ containers }: PodObservation): void {
    this.#stopper.forgetAllBut(containers)
    this.#resizer.forgetAllBut(containers)
    this.#hooks.forgetAllBut(containers)
  }
}

function containersOf({ spec }: Pod): readonly Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
}

/** Those that start in a new sandbox before any other has done something. */
function firstContainers({ spec }: Persisted<Pod>): readonly Container[] {
  const [init] = spec?.initContainers ?? []
  return init ? [init] : (spec?.containers ?? [])
}
