import type { Pod } from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import type { ResolvConf } from '../network/resolv-conf.ts'
import { RuntimeFailure, type SandboxSpec, type SandboxState } from '../runtime/runtime.ts'
import type { NodeContext } from './node-context.ts'
import type { PodEvents } from './pod-events.ts'
import { podDns, resolvesAsItsMachine } from './spec/pod-dns.ts'
import { sandboxSpec } from './spec/sandbox-spec.ts'

const RETRY_MS = 10_000

/** Takes the sandbox of one Pod from spec to running, and into the cluster's network. */
export class SandboxStarter {
  readonly #node: NodeContext
  readonly #events: PodEvents
  #retryAtMs: number | undefined

  constructor(node: NodeContext, events: PodEvents) {
    this.#node = node
    this.#events = events
  }

  /** When to try again after one that failed, monotonic. */
  get retryAtMs(): number | undefined {
    return this.#retryAtMs
  }

  /** Undefined where it failed; an event says why. */
  async start(pod: Persisted<Pod>, volumes: SandboxSpec['volumes']): Promise<SandboxState | undefined> {
    try {
      const spec = sandboxSpec(pod, volumes, await this.#dnsOf(pod))
      const sandbox = await this.#node.runtime.runSandbox({ ...spec, ...(await this.#networkOf(pod, spec)) })
      await this.#join(sandbox)
      this.#retryAtMs = undefined
      return sandbox
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error
      this.#retryAtMs = this.#node.clock.monotonic() + RETRY_MS
      if (error.code === 'mount') this.#events.pod('Warning', 'FailedMount', error.message)
      else this.#tellFailure(error)
      return undefined
    }
  }

  /** A sandbox may have been started again since, or be of an agent that did not come to it. Resolves to why it has no link. */
  async link(sandbox: SandboxState): Promise<string | undefined> {
    try {
      await this.#node.links?.join(sandbox)
      return undefined
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error
      this.#tellFailure(error)
      return error.message
    }
  }

  /** It is to end. */
  leave(sandboxId: string): void {
    const { links, serviceRules } = this.#node
    links?.leave(sandboxId)
    serviceRules?.uncover(sandboxId)
  }

  /** Another address for each sandbox. Its link is the runtime's where that has to publish ports. */
  async #networkOf({ metadata }: Persisted<Pod>, spec: SandboxSpec): Promise<Partial<SandboxSpec>> {
    const { addresses, links } = this.#node
    if (!addresses || spec.hostNetwork) return {}
    const address = await addresses.take(metadata.uid)
    if (!links) return { address }
    const sysctls = { ...links.sysctls, ...spec.sysctls }
    return { address, sysctls, ...(spec.dns && spec.ports.length === 0 ? { linkedBy: 'agent' } : {}) }
  }

  /** A sandbox that cannot join the network is of no use. One that stays all the same is joined when a container is to start in it. */
  async #join(sandbox: SandboxState): Promise<void> {
    const { runtime, links, serviceRules } = this.#node
    try {
      await Promise.all([links?.join(sandbox), serviceRules?.cover(sandbox)])
    } catch (error) {
      this.leave(sandbox.id)
      await runtime.removeSandbox(sandbox.id).catch(() => undefined)
      throw error
    }
  }

  /** Undefined leaves it to the runtime. */
  async #dnsOf(pod: Persisted<Pod>): Promise<ResolvConf | undefined> {
    if (resolvesAsItsMachine(pod.spec)) return undefined
    const { dns, omissions } = podDns(pod, await this.#node.resolvConf(), this.#node.clusterDns())
    for (const omission of omissions) this.#events.pod('Warning', 'DNSConfigForming', omission)
    return dns
  }

  #tellFailure({ message }: RuntimeFailure): void {
    this.#events.pod('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`)
  }
}
