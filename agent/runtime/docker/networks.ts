import { Ipv4Range } from '../../../shared/ipv4-range.ts'
import { macAddressOf, type PodNetwork } from '../../network/pod-network.ts'
import { RuntimeFailure } from '../runtime.ts'
import type { NetworkConfig } from './container-config.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { LABELS, type Ownership } from './labels.ts'

interface NetworkInspect {
  Name: string
  Labels: Record<string, string> | null
  Options: Record<string, string> | null
  IPAM: { Config: { Subnet?: string; Gateway?: string }[] | null }
}

const BRIDGE_NAME = 'com.docker.network.bridge.name'
const MTU = 'com.docker.network.driver.mtu'
const DEFAULT_MTU = 1500

/** Makes sure that the Pods' network exists. Many may ask at once, also of several nodes; it is made once. */
export class Networks {
  readonly #docker: DockerApi
  readonly #owner: Ownership
  #network: PodNetwork | undefined
  #ensured: Promise<PodNetwork> | undefined

  constructor(docker: DockerApi, owner: Ownership) {
    this.#docker = docker
    this.#owner = owner
  }

  /** The network that is joined from now on, if it can be had; otherwise it stays the one before. */
  async use(network: PodNetwork): Promise<PodNetwork> {
    const ensured = this.#findOrCreate(network)
    const found = await ensured
    this.#network = network
    this.#ensured = ensured
    return found
  }

  /** One of this cluster. */
  async find(name: string): Promise<PodNetwork | undefined> {
    try {
      const found = await this.#docker.json<NetworkInspect>({ method: 'GET', path: `/networks/${name}` })
      if (found.Labels?.[LABELS.cluster] === this.#owner.clusterId) return networkOf(found)
    } catch (error) {
      if (isFailure(error, 'notFound')) return undefined
      throw error
    }
    throw new RuntimeFailure('conflict', `network ${name} exists and is not this cluster's`)
  }

  /** What a container joins it with. Rejects where nobody has said yet which network it is. */
  async join(address: string | undefined): Promise<NetworkConfig> {
    if (!this.#network) throw new RuntimeFailure('failed', 'the network of Pods is not known yet')
    await this.#ensure(this.#network)
    const { name } = this.#network
    // Docker 28 and newer make it by chance unless told; those before derive the same one.
    const own = address ? { IPAMConfig: { IPv4Address: address }, MacAddress: macAddressOf(address) } : {}
    return { mode: name, config: { EndpointsConfig: { [name]: own } } }
  }

  /** Somebody may have removed it. */
  forget(): void {
    this.#ensured = undefined
  }

  #ensure(network: PodNetwork): Promise<PodNetwork> {
    this.#ensured ??= this.#findOrCreate(network).catch((error: unknown) => {
      this.forget()
      throw error
    })
    return this.#ensured
  }

  async #findOrCreate(network: PodNetwork): Promise<PodNetwork> {
    const there = await this.#findSame(network)
    if (there) return there
    try {
      await this.#create(network)
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error
      // Another agent may have been faster.
      const theirs = await this.#findSame(network)
      if (theirs) return theirs
      throw await this.#explained(error, network)
    }
    return network
  }

  async #findSame(network: PodNetwork): Promise<PodNetwork | undefined> {
    const found = await this.find(network.name)
    if (found) refuseOther(found, network)
    return found
  }

  async #create({ name, bridge, subnet, gateway, mtu }: PodNetwork): Promise<void> {
    const body = {
      Name: name,
      Driver: 'bridge',
      CheckDuplicate: true,
      IPAM: { Config: [{ Subnet: subnet, Gateway: gateway }] },
      Options: { [BRIDGE_NAME]: bridge, [MTU]: String(mtu) },
      Labels: { [LABELS.cluster]: this.#owner.clusterId, [LABELS.kind]: 'network' },
    }
    await this.#docker.json({ method: 'POST', path: '/networks/create', body })
  }

  /** Docker does not say who has the addresses. */
  async #explained(error: RuntimeFailure, { name, subnet }: PodNetwork): Promise<RuntimeFailure> {
    const range = Ipv4Range.parse(subnet)
    const all = await this.#docker.json<NetworkInspect[]>({ method: 'GET', path: '/networks' }).catch(() => [])
    for (const { Name, IPAM } of all) {
      const taken = subnetsOf(IPAM).find((text) => Ipv4Range.tryParse(text)?.overlaps(range))
      if (taken === undefined) continue
      const message = `network ${name} cannot have ${subnet}: network ${Name} of this Docker has ${taken}`
      return new RuntimeFailure('conflict', message, error)
    }
    return new RuntimeFailure(error.code, `network ${name} with ${subnet}: ${error.message}`, error)
  }
}

function refuseOther({ subnet, bridge }: PodNetwork, wanted: PodNetwork): void {
  const { name } = wanted
  if (subnet !== wanted.subnet) {
    const range = subnet || 'of none'
    throw new RuntimeFailure('conflict', `network ${name} exists with the range ${range}, not ${wanted.subnet}`)
  }
  if (bridge !== wanted.bridge) {
    throw new RuntimeFailure('conflict', `network ${name} exists with another bridge than ${wanted.bridge}`)
  }
}

function networkOf({ Name, Options, IPAM }: NetworkInspect): PodNetwork {
  return {
    name: Name,
    bridge: Options?.[BRIDGE_NAME] ?? '',
    subnet: subnetsOf(IPAM).join(', '),
    gateway: IPAM.Config?.[0]?.Gateway ?? '',
    mtu: Number(Options?.[MTU] ?? DEFAULT_MTU),
  }
}

function subnetsOf({ Config }: NetworkInspect['IPAM']): string[] {
  return (Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet]))
}
