import type { Runtime } from '../../agent/runtime/runtime.ts'
import type { SimCluster } from '../support/sim-cluster.ts'
import type { PodInvariants } from './pod-invariants.ts'
import type { Violations } from './violations.ts'

/** An agent ends no container that runs, in a sandbox that runs, of a Pod that is to run there. */
export class HealthyContainers {
  readonly #cluster: SimCluster
  readonly #pods: PodInvariants
  readonly #violations: Violations

  constructor(cluster: SimCluster, pods: PodInvariants, violations: Violations) {
    this.#cluster = cluster
    this.#pods = pods
    this.#violations = violations
  }

  /** Stands between an agent and its runtime. */
  watch(runtime: Runtime, nodeName: string): Runtime {
    return new Proxy(runtime, {
      get: (target, name: keyof Runtime) => {
        const method = (target[name] as (...args: unknown[]) => unknown).bind(target)
        if (!ENDS.has(name)) return method
        return (id: string) => {
          this.#check(nodeName, name, id)
          return method(id)
        }
      },
    })
  }

  #check(nodeName: string, call: string, id: string): void {
    const runtime = this.#cluster.agents.find(({ name }) => name === nodeName)?.runtime
    const endangered = runtime?.running().filter((container) => container.id === id || container.sandboxId === id) ?? []
    for (const { pod, name, sandboxId } of endangered) {
      const isHealthy = runtime?.sandboxes.get(sandboxId)?.running && this.#pods.wantedOn(nodeName, pod.uid)
      if (isHealthy) this.#violations.add('a healthy container is left alone', `${call} of ${name} of Pod ${pod.name}`)
    }
  }
}

const ENDS: ReadonlySet<string> = new Set([
  'stopContainer',
  'killContainer',
  'removeContainer',
  'stopSandbox',
  'removeSandbox',
] satisfies (keyof Runtime)[])
