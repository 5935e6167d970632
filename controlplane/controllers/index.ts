import type { Controller } from '../reconcile/controller.ts'
import type { ControllerDeps } from './controller-deps.ts'
import { DeploymentController } from './deployment/deployment-controller.ts'
import { ReplicaSetController } from './replicaset/replicaset-controller.ts'

/** Every controller. A new one is a folder and a line here. */
export function controllers(deps: ControllerDeps): Controller[] {
  return [new DeploymentController(deps), new ReplicaSetController(deps)]
}
