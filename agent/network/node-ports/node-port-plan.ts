import type { NetworkContainer, PublishedPort } from '../../runtime/runtime.ts'
import { nodePortName, parseNodePortsName, portKey } from './container-name.ts'

/** A container that is to publish this port for a Service. */
export interface NewNodePort {
  readonly name: string
  readonly serviceUid: string
  readonly port: PublishedPort
}

export interface NodePortPlan {
  readonly remove: readonly NetworkContainer[]
  readonly keep: readonly { readonly container: NetworkContainer; readonly serviceUid: string }[]
  readonly run: readonly NewNodePort[]
}

/**
 * What to do so that these ports, by the Service's UID, are published: each through a container of its own, as Docker
 * gives a container its ports when it starts, and connections through the Service's other ports go on. A container of
 * several ports, as earlier versions had them, stays while all of them are wanted. Containers that are not ours are left out.
 */
export function planNodePorts(
  wanted: ReadonlyMap<string, readonly PublishedPort[]>,
  containers: readonly NetworkContainer[],
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
  return { remove, keep, run: [...missing].flatMap(([uid, ports]) => newContainers(uid, ports.values())) }
}

function newContainers(serviceUid: string, ports: Iterable<PublishedPort>): NewNodePort[] {
  return [...ports].map((port) => ({ name: nodePortName(serviceUid, port), serviceUid, port }))
}
