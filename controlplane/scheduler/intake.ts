import {
  NAMESPACES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  type Pod,
  STORAGE_CLASSES,
} from '../../shared/api/kinds.ts'
import type { Persisted } from '../../shared/api/object.ts'
import { isFinalPhase } from '../../shared/pod-phase.ts'
import type { Change } from '../reconcile/controller.ts'
import type { Informers } from '../reconcile/informer.ts'
import type { Cluster } from './cluster.ts'
import type { SchedulingQueue } from './queue.ts'

const SCHEDULER_NAME = 'default-scheduler'

/** Keeps cluster and queue as the API has it. Returns the way to stop. */
export function takeIn(informers: Informers, cluster: Cluster, queue: SchedulingQueue): () => void {
  const unsubscribes = [
    informers.of(NAMESPACES).onChange(({ type, object }) => {
      if (type === 'deleted') cluster.removeNamespace(object.metadata.name)
      else cluster.setNamespace(object)
    }),
    informers.of(NODES).onChange(({ type, object }) => {
      if (type === 'deleted') cluster.removeNode(object.metadata.name)
      else cluster.setNode(object)
    }),
    informers.of(STORAGE_CLASSES).onChange(({ type, object }) => cluster.storage.setClass(type, object)),
    informers.of(PERSISTENT_VOLUMES).onChange(({ type, object }) => cluster.storage.setVolume(type, object)),
    informers.of(PERSISTENT_VOLUME_CLAIMS).onChange(({ type, object }) => cluster.storage.setClaim(type, object)),
    informers.of(PODS).onChange((change) => takePod(change, cluster, queue)),
  ]
  return () => {
    for (const unsubscribe of unsubscribes) unsubscribe()
  }
}

/** A Pod is in the cluster when it has a node, in the queue while it waits for one, and in neither when it is over. */
function takePod({ type, object: pod }: Change<Pod>, cluster: Cluster, queue: SchedulingQueue): void {
  const { uid } = pod.metadata
  if (type === 'deleted' || isFinalPhase(pod.status?.phase)) {
    dequeue(uid, cluster, queue)
    cluster.removePod(uid)
  } else if (pod.spec.nodeName) {
    cluster.setPod(pod)
    dequeue(uid, cluster, queue)
  } else if (pod.metadata.deletionTimestamp || !isOurs(pod)) {
    dequeue(uid, cluster, queue)
    cluster.forget(uid)
  } else {
    const before = queue.infoOf(uid)?.pod
    cluster.nominations.follow(before, queue.set(pod))
  }
}

function dequeue(uid: string, cluster: Cluster, queue: SchedulingQueue): void {
  queue.delete(uid)
  cluster.nominations.delete(uid)
}

function isOurs({ spec }: Persisted<Pod>): boolean {
  return (spec.schedulerName ?? SCHEDULER_NAME) === SCHEDULER_NAME
}
