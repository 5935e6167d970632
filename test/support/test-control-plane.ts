import type { Client } from '../../controlplane/client/client.ts'
import { createLocalClient } from '../../controlplane/client/local-client.ts'
import type { ControllerDeps } from '../../controlplane/controllers/controller-deps.ts'
import type { Controller } from '../../controlplane/reconcile/controller.ts'
import { startController } from '../../controlplane/reconcile/controller-loop.ts'
import { createInformers } from '../../controlplane/reconcile/shared-informer.ts'
import { createRegistry } from '../../controlplane/registry/create-registry.ts'
import { bootstrapNamespaces } from '../../controlplane/registry/namespaces.ts'
import type { Registry } from '../../controlplane/registry/registry.ts'
import { MemoryStore } from '../../controlplane/store/memory-store.ts'
import { type Logger, silentLogger } from '../../shared/log.ts'
import { seededRandom } from './seeded-random.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Registry, client and informers in this process, in virtual time; controllers as asked for. */
export interface TestControlPlane extends ControllerDeps {
  clock: VirtualClock
  registry: Registry
  signal: AbortSignal
  run(...controllers: Controller[]): void
  /** Ends the controllers and informers, and waits until they have. What is stored stays. */
  stop(): Promise<void>
}

export interface TestControlPlaneOptions {
  seed?: number
  clock?: VirtualClock
  /** Goes on with what another control plane stored. */
  registry?: Registry
  /** Stands between the control plane and its client, to let it fail. */
  wrap?: (client: Client) => Client
  log?: Logger
}

export async function startTestControlPlane(options: TestControlPlaneOptions = {}): Promise<TestControlPlane> {
  const clock = options.clock ?? new VirtualClock()
  const random = seededRandom(options.seed ?? 1)
  const registry = options.registry ?? createRegistry({ store: new MemoryStore(), clock, random })
  await bootstrapNamespaces(registry)
  const local = createLocalClient(registry)
  const client = options.wrap?.(local) ?? local
  const log = options.log ?? silentLogger
  const informers = createInformers({ client, clock, random, log })
  const abort = new AbortController()
  informers.start(abort.signal)

  const running: Promise<void>[] = []
  const deps: ControllerDeps = { client, informers, clock, random, log }
  return {
    ...deps,
    clock,
    registry,
    signal: abort.signal,
    run(...controllers) {
      for (const controller of controllers) running.push(startController(controller, deps, abort.signal))
    },
    async stop() {
      abort.abort()
      await Promise.all(running)
    },
  }
}
