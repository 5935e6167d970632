import { type Clock, sleep } from '../../../shared/clock.ts'
import { type ContainerResources, type ContainerSpec, RuntimeFailure } from '../runtime.ts'
import { type CreateDetails, containerConfig, containerName, resourceConfig } from './container-config.ts'
import type { ContainerInspect } from './container-inspect.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { LABELS, type Labels, labelFilter, type Ownership, ownerLabels, podOf } from './labels.ts'
import { startError } from './start-error.ts'

const REMOVAL_POLL_MS = 200
/** One that somebody has paused has not ended. */
const RUNNING = ['running', 'paused']

interface Listed {
  Id: string
  Labels: Labels
  State: string
}

/** Containers as Docker has them; sandboxes are some of them. */
export class Containers {
  readonly #docker: DockerApi
  readonly #owner: Ownership
  readonly #clock: Clock

  constructor(docker: DockerApi, owner: Ownership, clock: Clock) {
    this.#docker = docker
    this.#owner = owner
    this.#clock = clock
  }

  /** All of this node, or of one Pod, with all details. */
  async list(podUid?: string): Promise<ContainerInspect[]> {
    const found = await this.#listed(podUid === undefined ? {} : { [LABELS.podUid]: podUid })
    // A Pod has only a few; all of a node are hundreds, and no hurry.
    if (podUid !== undefined) return (await Promise.all(found.map(({ Id }) => this.inspect(Id)))).filter(isThere)
    const details: ContainerInspect[] = []
    for (const { Id } of found) {
      const inspected = await this.inspect(Id)
      if (inspected) details.push(inspected)
    }
    return details
  }

  /** As `Runtime.glance`. */
  async glance(): Promise<Map<string, Map<string, boolean>>> {
    const pods = new Map<string, Map<string, boolean>>()
    for (const { Id, Labels, State } of await this.#listed({})) {
      const { uid } = podOf(Labels)
      pods.set(uid, (pods.get(uid) ?? new Map<string, boolean>()).set(Id, RUNNING.includes(State)))
    }
    return pods
  }

  /** Those of Pods of this node that have these labels, too. */
  async #listed(labels: Labels): Promise<Listed[]> {
    const query = { all: true, filters: { label: labelFilter({ ...ownerLabels(this.#owner), ...labels }) } }
    const found = await this.#docker.json<Listed[]>({ method: 'GET', path: '/containers/json', query })
    return found.filter(({ Labels }) => isPods(Labels[LABELS.kind]))
  }

  async inspect(id: string): Promise<ContainerInspect | undefined> {
    try {
      return await this.#docker.json<ContainerInspect>({ method: 'GET', path: `/containers/${id}/json` })
    } catch (error) {
      if (isFailure(error, 'notFound')) return undefined
      throw error
    }
  }

  async create(spec: ContainerSpec, details: CreateDetails): Promise<string> {
    const oomScoreAdj = await this.#settableOomScore(spec)
    return this.createNamed(containerName(spec), containerConfig({ ...spec, oomScoreAdj }, this.#owner, details))
  }

  /** Its sandbox shows how low this Docker can go. */
  async #settableOomScore({ oomScoreAdj, sandboxId }: ContainerSpec): Promise<number> {
    if (oomScoreAdj >= 0) return oomScoreAdj
    return Math.max(oomScoreAdj, (await this.inspect(sandboxId))?.HostConfig.OomScoreAdj ?? 0)
  }

  async createNamed(name: string | undefined, body: object): Promise<string> {
    const call = { method: 'POST', path: '/containers/create', query: { name }, body } as const
    return (await this.#docker.json<{ Id: string }>(call)).Id
  }

  async update(id: string, resources: ContainerResources): Promise<void> {
    await this.#docker.json({ method: 'POST', path: `/containers/${id}/update`, body: resourceConfig(resources) })
  }

  async start(id: string): Promise<void> {
    try {
      await this.#docker.json({ method: 'POST', path: `/containers/${id}/start` })
    } catch (error) {
      if (!isFailure(error, 'invalid', 'failed')) throw error
      const found = await this.inspect(id)
      throw new RuntimeFailure(error.code, startError(error.message, found?.HostConfig.SecurityOpt), error)
    }
  }

  /** One that does not run any more needs no signal. */
  async signal(id: string, signal: string): Promise<void> {
    try {
      await this.#docker.json({ method: 'POST', path: `/containers/${id}/kill`, query: { signal } })
    } catch (error) {
      if (!isFailure(error, 'notFound', 'conflict')) throw error
    }
  }

  async remove(id: string): Promise<void> {
    try {
      await this.#docker.json({ method: 'DELETE', path: `/containers/${id}`, query: { force: true, v: true } })
    } catch (error) {
      if (isFailure(error, 'notFound')) return
      if (!isFailure(error, 'conflict') || !/already in progress/.test(error.message)) throw error
      await sleep(this.#clock, REMOVAL_POLL_MS)
    }
  }
}

function isPods(kind: string | undefined): boolean {
  return kind === 'sandbox' || kind === 'container'
}

/** It may have gone since it was listed. */
function isThere(container: ContainerInspect | undefined): container is ContainerInspect {
  return container !== undefined
}
