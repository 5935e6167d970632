import { createHash } from 'node:crypto'
import { type Clock, sleep } from '../../../shared/clock.ts'
import { RuntimeFailure, type VolumeSpec } from '../runtime.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { LABELS, type Ownership, ownerLabels } from './labels.ts'
import { type DockerMount, wholeVolume } from './mounts.ts'
import type { PauseImage } from './pause-image.ts'
import { OWN_PATH } from './programs/own-program.ts'
import { runToEnd } from './run-to-end.ts'

export interface VolumeOwnershipOptions {
  docker: DockerApi
  containers: Containers
  pause: PauseImage
  owner: Ownership
  clock: Clock
}

interface Job {
  source: DockerMount
  group: number
  existing: 'always' | 'rootMismatch'
}

/** How long a Pod waits at a time: a large volume takes longer, and then it is asked again. */
const PATIENCE_MS = 20_000
const REMEMBERED_MS = 60_000
const PLACE = '/volume'
/** What root needs to change what others own. */
const CAPABILITIES = ['CHOWN', 'FOWNER', 'FSETID', 'DAC_OVERRIDE']

/**
 * Gives what a volume has already to its group, in a container of its own that goes on whatever becomes of the agent, and
 * that Docker removes at its end.
 */
export class VolumeOwnership {
  readonly #options: VolumeOwnershipOptions
  /** What each came to is kept for a while, for a Pod that asks again. */
  readonly #jobs = new Map<string, Promise<number>>()

  constructor(options: VolumeOwnershipOptions) {
    this.#options = options
  }

  /** Rejects with code `mount` where it could not be done, or is not done yet: then ask again. */
  async give(volume: VolumeSpec): Promise<void> {
    const job = jobOf(volume)
    if (!job) return
    const key = JSON.stringify(job)
    const running = this.#jobs.get(key) ?? this.#begin(key, job)
    const say = (why: string) =>
      new RuntimeFailure('mount', `MountVolume.SetUp failed for volume "${volume.name}" : ${why}`)
    const exitCode = await this.#withPatience(running)
    if (exitCode === undefined) {
      throw say('setting volume ownership is taking longer than expected, consider using OnRootMismatch')
    }
    this.#jobs.delete(key)
    if (exitCode !== 0) throw say(`could not read all of it to give it to group ${job.group}`)
  }

  #begin(key: string, job: Job): Promise<number> {
    const running = this.#run(job)
    this.#jobs.set(key, running)
    const forget = () => void this.#options.clock.after(REMEMBERED_MS, () => this.#forget(key, running))
    running.then(forget, () => this.#forget(key, running))
    return running
  }

  #forget(key: string, job: Promise<number>): void {
    if (this.#jobs.get(key) === job) this.#jobs.delete(key)
  }

  /** Undefined when it takes longer. */
  async #withPatience(running: Promise<number>): Promise<number | undefined> {
    const patience = new AbortController()
    const late = sleep(this.#options.clock, PATIENCE_MS, patience.signal).then(
      () => undefined,
      () => undefined,
    )
    try {
      return await Promise.race([running, late])
    } finally {
      patience.abort()
    }
  }

  async #run(job: Job): Promise<number> {
    const { docker, containers, pause } = this.#options
    await pause.ensure()
    return runToEnd(docker, containers, await this.#container(job))
  }

  /** A new one, or the one that is at it already. */
  async #container({ source, group, existing }: Job): Promise<string> {
    const { containers, owner, pause } = this.#options
    const identity = JSON.stringify([owner.clusterId, owner.nodeName, source.Source, group, existing])
    const name = `kubette_own_${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`
    const body = {
      Image: pause.reference,
      Labels: { ...ownerLabels(owner), [LABELS.kind]: 'probe' },
      Entrypoint: [OWN_PATH],
      Cmd: existing === 'rootMismatch' ? ['if-its-root-is-not'] : [],
      // The program gives all to its own group.
      User: `0:${group}`,
      WorkingDir: PLACE,
      HostConfig: {
        NetworkMode: 'none',
        Mounts: [source],
        AutoRemove: true,
        LogConfig: { Type: 'none', Config: {} },
        CapDrop: ['ALL'],
        CapAdd: CAPABILITIES,
        SecurityOpt: ['no-new-privileges'],
      },
    }
    try {
      return await containers.createNamed(name, body)
    } catch (error) {
      if (!isFailure(error, 'conflict')) throw error
      return name
    }
  }
}

function jobOf(volume: VolumeSpec): Job | undefined {
  const { group, existing } = volume
  const source = sourceOf(volume)
  return source && group !== undefined && existing ? { source, group, existing } : undefined
}

function sourceOf(volume: VolumeSpec): DockerMount | undefined {
  if (volume.medium === 'claim') return wholeVolume(volume.id, PLACE, false)
  if (volume.medium === 'host') return { Type: 'bind', Source: volume.path, Target: PLACE, ReadOnly: false }
  return undefined
}
