import { RuntimeFailure } from '../runtime.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import type { Execs } from './execs.ts'
import { LABELS, labelFilter, type Ownership, ownerLabels } from './labels.ts'
import { SWITCH_PATH } from './programs/switch-program.ts'
import { tarArchive } from './tar-archive.ts'

/** Of a file that is there for a moment. */
const MARK = '..kubette'
const EXEC_TIMEOUT_MS = 30_000

/**
 * Whether containers of a sandbox that are made now get the volumes in memory that it has. A Docker before 23.0.7 and
 * 24.0.6 that is restarted under containers that live on (live-restore) lets go of them: what mounts them afterwards gets
 * empty ones, and what is written to them is lost. Nothing tells, so it is tried where it may have come to that.
 */
export class MemoryVolumes {
  readonly #docker: DockerApi
  readonly #containers: Containers
  readonly #execs: Execs
  readonly #owner: Ownership
  /** Sandboxes that are known to be well, since Docker is there without a break. */
  readonly #sound = new Set<string>()

  constructor(docker: DockerApi, containers: Containers, execs: Execs, owner: Ownership) {
    this.#docker = docker
    this.#containers = containers
    this.#execs = execs
    this.#owner = owner
  }

  /** It has just been started. */
  started(sandboxId: string): void {
    this.#sound.add(sandboxId)
  }

  removed(sandboxId: string): void {
    this.#sound.delete(sandboxId)
  }

  /** Docker may have been restarted: what the one before could not remove, this one can. */
  async restarted(): Promise<void> {
    this.#sound.clear()
    const label = labelFilter({ ...ownerLabels(this.#owner), [LABELS.kind]: 'memory-volume' })
    const call = { method: 'GET', path: '/volumes', query: { filters: { label, dangling: ['true'] } } } as const
    const { Volumes } = await this.#docker.json<{ Volumes: { Name: string }[] | null }>(call)
    // One that cannot be removed yet can be after the next restart.
    const remove = (name: string) => this.#docker.json({ method: 'DELETE', path: `/volumes/${name}` })
    for (const { Name } of Volumes ?? []) await remove(Name).catch(() => undefined)
  }

  /** Throws a RuntimeFailure `volumesLost` where those among `directories` of the sandbox are not the same. */
  async check(sandboxId: string, directories: readonly string[]): Promise<void> {
    if (this.#sound.has(sandboxId)) return
    const mounts = (await this.#containers.inspect(sandboxId))?.HostConfig.Mounts ?? []
    const inMemory = mounts.filter(({ VolumeOptions }) => VolumeOptions?.DriverConfig).map(({ Target }) => Target)
    const place = directories.find((directory) => inMemory.includes(directory))
    if (place === undefined) return
    if (!(await this.#isShared(sandboxId, place))) {
      throw new RuntimeFailure('volumesLost', 'Docker was restarted and has let go of volumes in memory')
    }
    this.#sound.add(sandboxId)
  }

  /** A file that is put there from outside is seen, and removed, inside. */
  async #isShared(sandboxId: string, directory: string): Promise<boolean> {
    const archive = await tarArchive([{ type: 'file', name: MARK, mode: 0o600, content: Buffer.alloc(0) }])
    const path = `/containers/${sandboxId}/archive`
    await this.#docker.json({ method: 'PUT', path, query: { path: directory }, archive })
    const found = await this.#execs.run(sandboxId, [SWITCH_PATH, MARK, MARK, MARK], EXEC_TIMEOUT_MS, directory)
    return found.exitCode === 0
  }
}
