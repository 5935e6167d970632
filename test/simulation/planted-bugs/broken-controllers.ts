import { DeploymentController } from '../../../controlplane/controllers/deployment/deployment-controller.ts'
import { EndpointSliceController } from '../../../controlplane/controllers/endpointslice/endpointslice-controller.ts'
import { GarbageCollector } from '../../../controlplane/controllers/garbage-collector/garbage-collector.ts'
import { type ControllerDeps, controllers } from '../../../controlplane/controllers/index.ts'
import { ReplicaSetController } from '../../../controlplane/controllers/replicaset/replicaset-controller.ts'
import type { Controller } from '../../../controlplane/reconcile/controller.ts'
import type { Informer, Informers } from '../../../controlplane/reconcile/informer.ts'
import { ApiError } from '../../../shared/api/api-error.ts'
import {
  DEPLOYMENTS,
  type Deployment,
  type Kind,
  LEASES,
  NODES,
  PODS,
  REPLICA_SETS,
} from '../../../shared/api/kinds.ts'
import type { KubeObject, Persisted } from '../../../shared/api/object.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { SimSeams } from '../../support/sim-seams.ts'

const EXPECTATIONS_LAPSE_MS = 5 * 60_000
const STALE_MS = 1_000

/** The ReplicaSet controller takes every expectation for lapsed: it does again what its informer does not show yet. */
export function skipExpectations(): SimSeams {
  return inPlaceOf('replicaset', (deps) => {
    let leaps = 0
    const clock: Clock = {
      now: () => deps.clock.now(),
      monotonic: () => ++leaps * EXPECTATIONS_LAPSE_MS,
      after: (delayMs, run) => deps.clock.after(delayMs, run),
      every: (intervalMs, run) => deps.clock.every(intervalMs, run),
    }
    return new ReplicaSetController({ ...deps, clock })
  })
}

/** The ReplicaSet controller hears of a Pod at once, and reads Pods as they were a second ago. */
export function serveStaleReads(): SimSeams {
  return inPlaceOf('replicaset', (deps) => {
    const pods = deps.informers.of(PODS)
    const asShown = new Map<string, { atMs: number; found: ReturnType<typeof pods.byIndex> }>()
    const stale: Partial<typeof pods> = {
      byIndex: (index, value) => {
        const known = asShown.get(value)
        if (known && deps.clock.now() - known.atMs < STALE_MS) return known.found
        const found = pods.byIndex(index, value)
        asShown.set(value, { atMs: deps.clock.now(), found })
        return found
      },
    }
    return new ReplicaSetController({ ...deps, informers: replaced(deps.informers, PODS, stale) })
  })
}

/** The Deployment controller reads a strategy that lets all Pods be unavailable. */
export function ignoreMaxUnavailable(): SimSeams {
  return withStrategy({ maxSurge: 1, maxUnavailable: '100%' })
}

/** ... or as many Pods more as there are. */
export function ignoreMaxSurge(): SimSeams {
  return withStrategy({ maxSurge: '100%', maxUnavailable: 1 })
}

/** The garbage collector does not see ReplicaSets; it asks, and takes a failure, as every other second has, for a no. */
export function collectLiveDependents(): SimSeams {
  return inPlaceOf('garbage-collector', (deps) => {
    const client: typeof deps.client = {
      ...deps.client,
      get: async (kind, key) => {
        const fails = kind.type === REPLICA_SETS.type && Math.floor(deps.clock.now() / 1_000) % 2 === 1
        if (fails) throw ApiError.notFound(kind, key.name)
        return deps.client.get(kind, key)
      },
    }
    const none = { get: () => undefined, list: () => [], byIndex: () => [] }
    return new GarbageCollector({ ...deps, client, informers: replaced(deps.informers, REPLICA_SETS, none) })
  })
}

/** The controller of EndpointSlices is not told of Pods: it sees them when something else wakes it. */
export function missPodChanges(): SimSeams {
  return inPlaceOf('endpointslice', (deps) => {
    const original = new EndpointSliceController(deps)
    return {
      name: original.name,
      watches: original.watches.filter(({ kind }) => kind.type !== PODS.type),
      reconcile: (key) => original.reconcile(key),
    }
  })
}

/** Goes by Leases alone: nobody could renew it while the control plane was away. */
export function evictAfterPause(): SimSeams {
  return inPlaceOf('node-lifecycle', (deps) => new HastyNodeLifecycle(deps))
}

class HastyNodeLifecycle implements Controller {
  readonly name = 'node-lifecycle'
  readonly watches = []
  readonly initialKeys = ['nodes']
  readonly #deps: ControllerDeps

  constructor(deps: ControllerDeps) {
    this.#deps = deps
    deps.informers.of(LEASES)
    deps.informers.of(NODES)
  }

  async reconcile() {
    const { client, clock, informers } = this.#deps
    for (const { metadata } of informers.of(NODES).list()) {
      const lease = informers.of(LEASES).get(`kube-node-lease/${metadata.name}`)
      const isFresh = clock.now() - Date.parse(lease?.spec?.renewTime ?? '') < 4_000
      await client.modify(NODES, metadata, (node) => {
        node.spec.taints = isFresh ? [] : [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }]
      })
    }
    return { requeueAfterMs: 500 }
  }
}

function withStrategy(rollingUpdate: { maxSurge: number | string; maxUnavailable: number | string }): SimSeams {
  return inPlaceOf('deployment', (deps) => {
    const deployments = deps.informers.of(DEPLOYMENTS)
    const misread = (deployment: Persisted<Deployment>): Persisted<Deployment> => ({
      ...deployment,
      spec: { ...deployment.spec, strategy: { type: 'RollingUpdate', rollingUpdate } },
    })
    const get = (key: string) => {
      const deployment = deployments.get(key)
      return deployment && misread(deployment)
    }
    return new DeploymentController({ ...deps, informers: replaced(deps.informers, DEPLOYMENTS, { get }) })
  })
}

function inPlaceOf(name: string, make: (deps: ControllerDeps) => Controller): SimSeams {
  return {
    controllers: (deps) => controllers(deps).map((controller) => (controller.name === name ? make(deps) : controller)),
  }
}

/** The same informers, but for some methods of one. */
function replaced<T extends KubeObject>(informers: Informers, kind: Kind<T>, methods: Partial<Informer<T>>): Informers {
  const original = informers.of(kind)
  const changed = new Proxy(original, {
    get: (target, name: keyof Informer<T>) => {
      const value = methods[name] ?? target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return {
    start: (signal) => informers.start(signal),
    whenSynced: () => informers.whenSynced(),
    of: <O extends KubeObject>(asked: Kind<O>) =>
      asked.type === kind.type ? (changed as unknown as Informer<O>) : informers.of(asked),
  }
}
