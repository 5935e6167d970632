import type { Controller } from '../reconcile/controller.ts'
import { ApiEndpointController, type ApiEndpointOptions } from './api-endpoint/api-endpoint.ts'
import type { ControllerDeps } from './controller-deps.ts'
import { DeploymentController } from './deployment/deployment-controller.ts'
import { DnsEndpoints } from './dns-endpoints/dns-endpoints.ts'
import { EndpointsController } from './endpoints/endpoints-controller.ts'
import { EndpointSliceController } from './endpointslice/endpointslice-controller.ts'
import { EndpointSliceMirroring } from './endpointslice-mirroring/endpointslice-mirroring.ts'
import { EphemeralVolumeController } from './ephemeral-volume/ephemeral-volume.ts'
import { EventExpiry, type EventExpiryOptions } from './event-expiry/event-expiry.ts'
import { GarbageCollector } from './garbage-collector/garbage-collector.ts'
import { NamespaceController } from './namespace/namespace-controller.ts'
import { NodeIpam, type NodeIpamOptions } from './node-ipam/node-ipam.ts'
import { NodeLifecycle, type NodeLifecycleOptions } from './node-lifecycle/node-lifecycle.ts'
import { ClaimBinder } from './persistent-volume/claim-binder.ts'
import { ClaimProtection } from './persistent-volume/claim-protection.ts'
import { VolumeReclaimer } from './persistent-volume/volume-reclaimer.ts'
import { PodGc, type PodGcOptions } from './pod-gc/pod-gc.ts'
import { ReplicaSetController } from './replicaset/replicaset-controller.ts'
import { ServiceLb } from './service-lb/service-lb.ts'
import { TaintEviction } from './taint-eviction/taint-eviction.ts'

export type { ControllerDeps }
export type ControllerOptions = NodeIpamOptions &
  NodeLifecycleOptions &
  PodGcOptions &
  EventExpiryOptions & {
    /** Absent: nothing says where the API is. */
    api?: ApiEndpointOptions
  }

/** Every controller. A new one is a folder and a line here. */
export function controllers(deps: ControllerDeps, options: ControllerOptions = {}): Controller[] {
  return [
    new DeploymentController(deps),
    new ReplicaSetController(deps),
    new GarbageCollector(deps),
    new NamespaceController(deps),
    new NodeIpam(deps, options),
    new NodeLifecycle(deps, options),
    new TaintEviction(deps),
    new ClaimBinder(deps),
    new VolumeReclaimer(deps),
    new ClaimProtection(deps),
    new EphemeralVolumeController(deps),
    new EndpointSliceController(deps),
    new EndpointsController(deps),
    new EndpointSliceMirroring(deps),
    new DnsEndpoints(deps),
    new ServiceLb(deps),
    new PodGc(deps, options),
    new EventExpiry(deps, options),
    ...(options.api ? [new ApiEndpointController(deps, options.api)] : []),
  ]
}
