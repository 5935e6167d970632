import { storageKey, storagePrefix } from '../../../controlplane/registry/storage-keys.ts'
import { LEASES, PODS } from '../../../shared/api/kinds.ts'
import { draft } from '../../../shared/api/object.ts'
import { sleep } from '../../../shared/clock.ts'
import type { SimCluster } from '../../support/sim-cluster.ts'
import type { SimSeams } from '../../support/sim-seams.ts'

/** Worth nothing after a crash anyway. */
const LEASE_PREFIX = storagePrefix(LEASES)

/** The store acknowledged its last write before it was safe: a crash takes it back. */
export function loseLastWrite({ disk, store }: SimCluster): SimSeams {
  return {
    afterCrash() {
      const last = store.history.findLast(({ key, value }) => value && !key.startsWith(LEASE_PREFIX))
      if (last) void disk.delete(last.key, last.revision).catch(() => undefined)
    },
  }
}

/** Two schedulers at work, and a binding that does not look whether there is one already. */
export function bindTwice({ clock, store }: SimCluster): SimSeams {
  return {
    client: (client) => ({
      ...client,
      bind: async (pod, nodeName) => {
        await client.bind(pod, nodeName)
        await sleep(clock, 20)
        const key = storageKey(PODS, pod.metadata)
        const stored = await store.get(key)
        if (!stored) return
        const text = Buffer.from(stored.value).toString()
        const other = text.replace(`"nodeName":"${nodeName}"`, '"nodeName":"node-2"')
        if (other !== text) await store.put(key, Buffer.from(other), stored.revision)
      },
    }),
  }
}

/** Each fifth status of a Pod that a node reports is acknowledged and never stored. */
export function forgetStatusReports(): SimSeams {
  let count = 0
  return {
    client: (client) => ({
      ...client,
      modify: async (kind, key, change, options) => {
        if (kind.type !== PODS.type || !options?.status || ++count % 5 !== 0) {
          return client.modify(kind, key, change, options)
        }
        const current = draft(await client.get(kind, key))
        change(current)
        return current
      },
    }),
  }
}
