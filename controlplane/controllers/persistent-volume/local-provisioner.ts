import { isApiError } from '../../../shared/api/api-error.ts'
import {
  NODES,
  type Node,
  PERSISTENT_VOLUMES,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
} from '../../../shared/api/kinds.ts'
import type { Persisted } from '../../../shared/api/object.ts'
import { allowsVolumesOn } from '../../../shared/storage/allowed-topologies.ts'
import {
  LOCAL_DRIVER,
  LOCAL_PROVISIONER,
  SELECTED_NODE_ANNOTATION,
  VOLUME_DATA_FINALIZER,
} from '../../../shared/storage/local-volumes.ts'
import { HOSTNAME_LABEL } from '../../../shared/topology-labels.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../reconcile/informer.ts'
import type { ControllerDeps } from '../controller-deps.ts'

export type Provisioned = { kind: 'made'; name: string } | { kind: 'noNode' } | { kind: 'nodeGone' }

/** Makes the PersistentVolume of a claim on a node. The Docker volume itself is made by the node, for the first Pod. */
export class LocalProvisioner {
  readonly #client: Client
  readonly #nodes: Informer<Node>

  constructor({ client, informers }: Pick<ControllerDeps, 'client' | 'informers'>) {
    this.#client = client
    this.#nodes = informers.of(NODES)
  }

  /** On the node that the scheduler has chosen, or on any where nobody chooses. */
  async provision(
    claim: Persisted<PersistentVolumeClaim>,
    storageClass: Persisted<StorageClass>,
  ): Promise<Provisioned> {
    const selected = claim.metadata.annotations?.[SELECTED_NODE_ANNOTATION]
    if (selected !== undefined && !this.#nodes.get(selected)) return { kind: 'nodeGone' }
    const nodeName = selected ?? this.#anyNode(storageClass)
    if (nodeName === undefined) return { kind: 'noNode' }
    const volume = localVolume(claim, storageClass, nodeName)
    try {
      await this.#client.create(PERSISTENT_VOLUMES, volume)
    } catch (error) {
      // Made before, by a round whose rest did not come to be.
      if (!isApiError(error, 'AlreadyExists')) throw error
    }
    return { kind: 'made', name: volume.metadata.name ?? '' }
  }

  #anyNode(storageClass: StorageClass): string | undefined {
    const open = this.#nodes.list().filter(({ spec }) => !spec.unschedulable && !spec.taints?.length)
    const allowed = open.filter(({ metadata }) => allowsVolumesOn(storageClass, metadata.labels))
    return allowed.map(({ metadata }) => metadata.name).sort()[0]
  }
}

function localVolume(
  { metadata, spec }: Persisted<PersistentVolumeClaim>,
  storageClass: Persisted<StorageClass>,
  nodeName: string,
): PersistentVolume {
  const name = `pvc-${metadata.uid}`
  const onNode = { key: HOSTNAME_LABEL, operator: 'In', values: [nodeName] }
  const { namespace = '', name: claimName, uid, resourceVersion } = metadata
  return {
    metadata: {
      name,
      annotations: { 'pv.kubernetes.io/provisioned-by': LOCAL_PROVISIONER },
      finalizers: [VOLUME_DATA_FINALIZER],
    },
    spec: {
      capacity: { storage: spec.resources?.requests?.storage ?? '0' },
      accessModes: spec.accessModes ?? [],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      volumeMode: 'Filesystem',
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace,
        name: claimName,
        uid,
        resourceVersion,
      },
      csi: { driver: LOCAL_DRIVER, volumeHandle: `kubette_${name}` },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
    },
  }
}
