import type { Controller } from '../reconcile/controller.ts'
import type { ControllerDeps } from './controller-deps.ts'
import { DeploymentController } from './deployment/deployment-controller.ts'
import { EventExpiry, type EventExpiryOptions } from './event-expiry/event-expiry.ts'
import { GarbageCollector } from './garbage-collector/garbage-collector.ts'
import { NamespaceController } from './namespace/namespace-controller.ts'
import { NodeLifecycle, type NodeLifecycleOptions } from './node-lifecycle/node-lifecycle.ts'
import { PodGc, type PodGcOptions } from './pod-gc/pod-gc.ts'
import { ReplicaSetController } from './replicaset/replicaset-controller.ts'
import { TaintEviction } from './taint-eviction/taint-eviction.ts'

export type { ControllerDeps }
export type ControllerOptions = NodeLifecycleOptions & PodGcOptions & EventExpiryOptions

/** Every controller. A new one is a folder and a line here. */
export function controllers(deps: ControllerDeps, options: ControllerOptions = {}): Controller[] {
  return [
    new DeploymentController(deps),
    new ReplicaSetController(deps),
    new GarbageCollector(deps),
    new NamespaceController(deps),
    new NodeLifecycle(deps, options),
    new TaintEviction(deps),
    new PodGc(deps, options),
    new EventExpiry(deps, options),
  ]
}
