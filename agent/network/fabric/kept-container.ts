import type { NetworkContainer, NetworkContainerSpec, Runtime } from '../../runtime/runtime.ts'

type NetworkContainers = Pick<Runtime, 'networkContainers' | 'runNetworkContainer' | 'removeNetworkContainer'>

/** Has a container of the node's own running as its spec says: the one that is there, or a new one. Resolves with its id. */
export async function keepContainer(runtime: NetworkContainers, spec: NetworkContainerSpec): Promise<string> {
  const there = (await runtime.networkContainers()).find(({ name }) => name === spec.name)
  if (there && isAsSpecified(there, spec)) return there.id
  if (there) await runtime.removeNetworkContainer(there.id)
  return runtime.runNetworkContainer(spec)
}

export async function dropContainer(runtime: NetworkContainers, name: string): Promise<void> {
  for (const container of await runtime.networkContainers()) {
    if (container.name === name) await runtime.removeNetworkContainer(container.id)
  }
}

function isAsSpecified({ running, ip }: NetworkContainer, { network }: NetworkContainerSpec): boolean {
  return running && ip === (network === 'host' ? undefined : network.address)
}
