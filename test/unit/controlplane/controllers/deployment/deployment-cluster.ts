import type { Client } from '../../../../../controlplane/client/client.ts'
import { DeploymentController } from '../../../../../controlplane/controllers/deployment/deployment-controller.ts'
import { ReplicaSetController } from '../../../../../controlplane/controllers/replicaset/replicaset-controller.ts'
import type { DeploymentCondition, DeploymentSpec } from '../../../../../shared/api/generated/apps-v1.ts'
import {
  DEPLOYMENTS,
  type Deployment,
  EVENTS,
  NODES,
  PODS,
  type Pod,
  REPLICA_SETS,
  type ReplicaSet,
} from '../../../../../shared/api/kinds.ts'
import type { Persisted } from '../../../../../shared/api/object.ts'
import { startTestBinder } from '../../../../support/test-binder.ts'
import { startTestControlPlane } from '../../../../support/test-control-plane.ts'
import { startTestKubelet, type TestKubeletOptions } from '../../../../support/test-kubelet.ts'

export const WEB = { namespace: 'default', name: 'web' }

export function webDeployment(spec: Partial<DeploymentSpec> = {}, image = 'web:1'): Deployment {
  return {
    metadata: WEB,
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image }] },
      },
      ...spec,
    },
  }
}

/** Deployment and ReplicaSet controllers, a binder, and nodes whose Pods become ready as `options` says. */
export async function deploymentCluster(options: TestKubeletOptions = {}, wrap?: (client: Client) => Client) {
  const plane = await startTestControlPlane(wrap ? { wrap } : {})
  const { client, clock, informers, signal } = plane
  for (const name of ['n1', 'n2', 'n3']) await client.create(NODES, { metadata: { name }, spec: {} })
  plane.run(new DeploymentController(plane), new ReplicaSetController(plane))
  startTestBinder(plane, signal)
  startTestKubelet(plane, options, signal)
  await clock.advance(0)

  const deployment = () => client.get(DEPLOYMENTS, WEB)
  const replicaSets = async () => (await client.list(REPLICA_SETS, { namespace: 'default' })).items
  const pods = async () => (await client.list(PODS, { namespace: 'default' })).items
  return {
    ...plane,
    deployment,
    replicaSets,
    pods,
    create: (spec?: Partial<DeploymentSpec>, image?: string) => client.create(DEPLOYMENTS, webDeployment(spec, image)),
    change: (change: (spec: DeploymentSpec) => void) =>
      client.modify(DEPLOYMENTS, WEB, (draft) => {
        change(draft.spec)
      }),
    setImage: (image: string) =>
      client.modify(DEPLOYMENTS, WEB, (draft) => {
        for (const container of draft.spec.template.spec?.containers ?? []) container.image = image
      }),
    /** Image of the template to number of Pods wanted, of ReplicaSets that want some. */
    sizes: async () =>
      Object.fromEntries(
        (await replicaSets()).filter((set) => set.spec.replicas).map((set) => [imageOf(set), set.spec.replicas]),
      ),
    condition: async (type: string): Promise<DeploymentCondition | undefined> =>
      (await deployment()).status?.conditions?.find((condition) => condition.type === type),
    events: async (reason: string) =>
      (await client.list(EVENTS, { namespace: 'default' })).items
        .filter((event) => event.reason === reason)
        .map((event) => event.message),
    rolledOut: () => clock.until(async () => isRolledOut(await deployment()), 60_000, 20),
    watchPods: (look: (pods: readonly Persisted<Pod>[]) => void) => {
      const all = informers.of(PODS)
      return all.onChange(() => look(all.list()))
    },
  }
}

export function imageOf(set: ReplicaSet): string {
  return set.spec.template?.spec?.containers[0]?.image ?? ''
}

/** As `kubectl rollout status` decides it. */
function isRolledOut({ metadata, spec, status = {} }: Deployment): boolean {
  return (
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    status.updatedReplicas === spec.replicas &&
    status.replicas === spec.replicas &&
    status.availableReplicas === spec.replicas
  )
}
