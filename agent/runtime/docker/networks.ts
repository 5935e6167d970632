import type { PodNetwork } from '../../network/pod-network.ts'
import { RuntimeFailure } from '../runtime.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { LABELS, type Ownership, ownerLabels } from './labels.ts'

interface NetworkInspect {
  Id: string
  Labels: Record<string, string> | null
}

/** Makes sure that the Pods' network exists. Many may ask at once; it is made once. */
export class Networks {
  readonly #docker: DockerApi
  readonly #owner: Ownership
  readonly #network: PodNetwork
  #ensured: Promise<string> | undefined

  constructor(docker: DockerApi, owner: Ownership, network: PodNetwork) {
    this.#docker = docker
    this.#owner = owner
    this.#network = network
  }

  /** Resolves with the network's id. */
  ensure(): Promise<string> {
    this.#ensured ??= this.#find().catch((error: unknown) => {
      this.#ensured = undefined
      throw error
    })
    return this.#ensured
  }

  /** Somebody may have removed it. */
  forget(): void {
    this.#ensured = undefined
  }

  async #find(): Promise<string> {
    const { name } = this.#network
    try {
      const found = await this.#docker.json<NetworkInspect>({ method: 'GET', path: `/networks/${name}` })
      if (found.Labels?.[LABELS.cluster] === this.#owner.clusterId) return found.Id
    } catch (error) {
      if (!isFailure(error, 'notFound')) throw error
      return this.#create()
    }
    throw new RuntimeFailure('conflict', `network ${name} exists and is not this cluster's`)
  }

  async #create(): Promise<string> {
    const { name, driver, options } = this.#network
    const Labels = { ...ownerLabels(this.#owner), [LABELS.kind]: 'network' }
    const body = { Name: name, Driver: driver, CheckDuplicate: true, Options: options, Labels }
    try {
      return (await this.#docker.json<{ Id: string }>({ method: 'POST', path: '/networks/create', body })).Id
    } catch (error) {
      if (isFailure(error, 'conflict')) return this.#find()
      throw error
    }
  }
}
