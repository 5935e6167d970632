import type { Client } from '../../controlplane/client/client.ts'
import type { Informers } from '../../controlplane/reconcile/informer.ts'
import { isApiError } from '../../shared/api/api-error.ts'
import { NODES, PODS } from '../../shared/api/kinds.ts'

/** Binds each new Pod to the next node in turn that takes Pods: a scheduler that knows no constraints. */
export function startTestBinder(
  { client, informers }: { client: Client; informers: Informers },
  signal: AbortSignal,
): void {
  const nodes = informers.of(NODES)
  const pods = informers.of(PODS)
  const asked = new Set<string>()
  let turn = 0

  const bindAll = () => {
    const open = nodes.list().filter(({ spec }) => !spec.unschedulable && !spec.taints?.length)
    for (const pod of pods.list()) {
      const { uid, deletionTimestamp } = pod.metadata
      const node = open[turn % open.length]
      if (!node || pod.spec.nodeName || deletionTimestamp || asked.has(uid)) continue
      turn++
      asked.add(uid)
      client.bind(pod, node.metadata.name).catch(ignoreRaces)
    }
  }
  const stops = [pods.onChange(bindAll), nodes.onChange(bindAll)]
  const stopAll = () => {
    for (const stop of stops) stop()
  }
  signal.addEventListener('abort', stopAll, { once: true })
}

function ignoreRaces(error: unknown): void {
  if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error
}
