import type { NetworkContainer, PublishedPort } from '../../runtime/runtime.ts'
import { nodePortsName, parseNodePortsName, portKey } from './container-name.ts'

/** A container that is to publish these ports for a Service. */
export interface NewNodePorts {
  readonly name: string
  readonly serviceUid: string
  readonly ports: readonly PublishedPort[]
}

export interface NodePortPlan {
  readonly remove: readonly NetworkContainer[]
  readonly keep: readonly { readonly container: NetworkContainer; readonly serviceUid: string }[]
  readonly run: readonly NewNodePorts[]
}

/**
 * What to do so that these ports, by the Service's UID, are published. A container that publishes wanted ports alone
 * stays, as connections go through it: ports that come later get another one. Ports of `troubled` get one each, so that
 * one that cannot be had takes no other with it. Containers that are not ours are left out.
 */
export function planNodePorts(
  wanted: ReadonlyMap<string, readonly PublishedPort[]>,
  containers: readonly NetworkContainer[],
  troubled: ReadonlySet<string>,
): NodePortPlan {
  const missing = new Map([...wanted].map(([uid, ports]) => [uid, new Map(ports.map((port) => [portKey(port), port]))]))
  const remove: NetworkContainer[] = []
  const keep: { container: NetworkContainer; serviceUid: string }[] = []
  for (const container of containers) {
    const name = parseNodePortsName(container.name)
    if (!name) continue
    const of = missing.get(name.serviceUid)
    const isWanted = container.running && name.ports.every((port) => of?.has(portKey(port)))
    if (isWanted) keep.push({ container, serviceUid: name.serviceUid })
    else remove.push(container)
    if (isWanted) for (const port of name.ports) of?.delete(portKey(port))
  }
  return {
    remove,
    keep,
    run: [...missing].flatMap(([uid, ports]) => newContainers(uid, [...ports.values()], troubled)),
  }
}

function newContainers(
  serviceUid: string,
  ports: readonly PublishedPort[],
  troubled: ReadonlySet<string>,
): NewNodePorts[] {
  const alone = ports.filter((port) => troubled.has(portKey(port)))
  const together = ports.filter((port) => !troubled.has(portKey(port)))
  const groups = [...alone.map((port) => [port]), ...(together.length > 0 ? [together] : [])]
  return groups.map((group) => ({ name: nodePortsName({ serviceUid, ports: group }), serviceUid, ports: group }))
}
