import { REGION_LABEL, ZONE_LABEL } from '../../shared/topology-labels.ts'
import type { NodeInfo } from './node-info.ts'

/** Zones in turn, so that any stretch of the order reaches all of them; by name within a zone. */
export function inZoneOrder(nodes: Iterable<NodeInfo>): NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>()
  const byName = [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const node of byName) {
    const zone = zoneOf(node)
    zones.set(zone, [...(zones.get(zone) ?? []), node])
  }
  const queues = [...zones.values()]
  const longest = Math.max(0, ...queues.map((queue) => queue.length))
  return Array.from({ length: longest }, (_, turn) => queues.flatMap((queue) => queue[turn] ?? [])).flat()
}

export function zoneOf({ labels }: Pick<NodeInfo, 'labels'>): string {
  return `${labels[REGION_LABEL] ?? ''}/${labels[ZONE_LABEL] ?? ''}`
}
