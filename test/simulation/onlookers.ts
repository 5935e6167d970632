import type { Selection } from '../../controlplane/client/client.ts'
import { DEPLOYMENTS, type Kind, PODS, REPLICA_SETS } from '../../shared/api/kinds.ts'
import { sleep } from '../../shared/clock.ts'
import { type Random, randomInt } from '../../shared/random.ts'
import type { SimCluster } from '../support/sim-cluster.ts'

/** What they look at. */
const VIEWS: readonly { kind: Kind; selection: Selection }[] = [
  { kind: PODS, selection: {} },
  { kind: PODS, selection: { namespace: 'default', labelSelector: { matchLabels: { app: 'web' } } } },
  { kind: PODS, selection: { fields: { 'spec.nodeName': 'node-1' } } },
  { kind: PODS, selection: { fields: { 'status.phase': 'Running' } } },
  { kind: REPLICA_SETS, selection: { namespace: 'default' } },
  { kind: DEPLOYMENTS, selection: {} },
]

/**
 * Clients that watch for a while, lose their connection, and go on from where they were or from an earlier version that
 * they have seen. They change nothing; whether they were told the truth is for the oracle to say.
 */
export function startOnlookers(cluster: SimCluster, random: Random, signal: AbortSignal): void {
  for (const { kind, selection } of VIEWS) void lookOn(cluster, kind, selection, random, signal)
}

async function lookOn(
  cluster: SimCluster,
  kind: Kind,
  selection: Selection,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  const versions: string[] = []
  while (!signal.aborted) {
    const connection = AbortSignal.any([signal, after(cluster, 1_000 + randomInt(random, 20_000))])
    // An Expired version, or a control plane that is gone: the next round begins anew.
    await watchFrom(cluster, kind, selection, versions, random, connection).catch(() => versions.splice(0))
    await sleep(cluster.clock, 50 + randomInt(random, 2_000), signal).catch(() => undefined)
  }
}

async function watchFrom(
  { client }: SimCluster,
  kind: Kind,
  selection: Selection,
  versions: string[],
  random: Random,
  connection: AbortSignal,
): Promise<void> {
  if (!client) return
  if (versions.length === 0) versions.push((await client.list(kind, selection)).resourceVersion)
  const isExact = random.next() < 0.7
  const resourceVersion = versions.at(isExact ? -1 : randomInt(random, versions.length)) ?? '0'
  for await (const event of client.watch(kind, { ...selection, resourceVersion }, connection)) {
    versions.push(event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion)
  }
}

function after({ clock }: SimCluster, ms: number): AbortSignal {
  const controller = new AbortController()
  clock.after(ms, () => controller.abort())
  return controller.signal
}
