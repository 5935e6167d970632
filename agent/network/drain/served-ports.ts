import type { PersistedMeta } from '../../../shared/api/object.ts'
import type { NetworkSnapshot } from '../network-snapshot.ts'

/** The TCP ports on which Services reach a Pod, as their slices have them. */
export function servedPorts(snapshot: NetworkSnapshot | undefined, { namespace, uid }: PersistedMeta): Set<number> {
  const ports = new Set<number>()
  for (const slices of snapshot?.slices.values() ?? []) {
    if (slices[0]?.metadata.namespace !== namespace) continue
    const naming = slices.filter(({ endpoints }) => endpoints?.some(({ targetRef }) => targetRef?.uid === uid))
    for (const { port, protocol = 'TCP' } of naming.flatMap(({ ports = [] }) => ports)) {
      if (port !== undefined && protocol === 'TCP') ports.add(port)
    }
  }
  return ports
}
