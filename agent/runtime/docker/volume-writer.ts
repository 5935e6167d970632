import { createHash } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import { RuntimeFailure, type VolumeFile } from '../runtime.ts'
import { pathStat } from './container-paths.ts'
import type { DockerApi } from './docker-api.ts'
import type { Execs } from './execs.ts'
import type { MemoryVolumes } from './memory-volumes.ts'
import { SWITCH_PATH } from './programs/switch-program.ts'
import { type ArchiveEntry, tarArchive } from './tar-archive.ts'
import { VOLUMES_DIRECTORY } from './volumes.ts'

/** Leads to the version of the files that is current. */
const CURRENT = '..data'
const NEXT = '..data_tmp'
const SWITCH_TIMEOUT_MS = 30_000
const HASH_LENGTH = 32

/**
 * Writes the files of a volume as the kubelet does: each version in a directory of its own, `..data` leads to the
 * current one, and `app.ini` is a link to `..data/app.ini`. So one rename of `..data` changes all files at once. What is
 * there is told by the name of the version, so an agent that starts anew writes nothing again.
 */
export class VolumeWriter {
  readonly #docker: DockerApi
  readonly #execs: Execs
  readonly #memory: MemoryVolumes
  readonly #clock: Clock

  constructor(docker: DockerApi, execs: Execs, memory: MemoryVolumes, clock: Clock) {
    this.#docker = docker
    this.#execs = execs
    this.#memory = memory
    this.#clock = clock
  }

  async write(sandboxId: string, volume: string, files: readonly VolumeFile[]): Promise<boolean> {
    const directory = `${VOLUMES_DIRECTORY}/${volume}`
    const version = versionOf(files)
    const current = await pathStat(this.#docker, sandboxId, `${directory}/${CURRENT}`)
    if (current?.linkTarget === `${directory}/${version}`) return false
    await this.#memory.check(sandboxId, [directory])
    const present = await this.#present(sandboxId, directory)
    await this.#put(sandboxId, directory, archiveEntries(files, version, present))
    await this.#switch(sandboxId, directory, stalePaths(files, version, present))
    return true
  }

  /** Every path in the volume, relative to it. */
  async #present(sandboxId: string, directory: string): Promise<string[]> {
    const call = { method: 'GET', path: `/containers/${sandboxId}/archive`, query: { path: directory } } as const
    const { default: tar } = await import('tar-stream')
    const archive = tar.extract()
    const body = await this.#docker.stream(call, new AbortController().signal)
    body.on('error', (error) => archive.destroy(error)).pipe(archive)
    const paths: string[] = []
    for await (const entry of archive) {
      paths.push(entry.header.name.replace(/^[^/]*\/?/, '').replace(/\/$/, ''))
      entry.resume()
    }
    return paths.filter((path) => path !== '')
  }

  async #put(sandboxId: string, directory: string, entries: ArchiveEntry[]): Promise<void> {
    const call = { method: 'PUT', path: `/containers/${sandboxId}/archive`, query: { path: directory } } as const
    await this.#docker.json({ ...call, archive: await tarArchive(entries, this.#clock.now()) })
  }

  async #switch(sandboxId: string, directory: string, stale: string[]): Promise<void> {
    const command = [SWITCH_PATH, NEXT, CURRENT, ...stale]
    const { exitCode } = await this.#execs.run(sandboxId, command, SWITCH_TIMEOUT_MS, directory)
    if (exitCode !== 0) throw new RuntimeFailure('failed', `could not switch the files of ${directory}`)
  }
}

/** The directory of these files: other paths, modes or bytes, another name. */
function versionOf(files: readonly VolumeFile[]): string {
  const hash = createHash('sha256')
  for (const { path, mode, group, content } of sorted(files)) {
    hash.update(JSON.stringify([path, mode, group ?? 0, content.length])).update(content)
  }
  return `..${hash.digest('hex').slice(0, HASH_LENGTH)}`
}

/** The new version, a link to it, and the links of files that were not there. */
function archiveEntries(files: readonly VolumeFile[], version: string, present: readonly string[]): ArchiveEntry[] {
  const known = new Set(present)
  const owner = (group: number | undefined) => (group === undefined ? {} : { gid: group })
  const group = files.find((file) => file.group !== undefined)?.group
  const directory = (path: string): ArchiveEntry => {
    return {
      type: 'directory',
      name: `${version}/${path}`,
      mode: group === undefined ? 0o755 : 0o2775,
      ...owner(group),
    }
  }
  return [
    directory(''),
    ...directoriesOf(files).map((path) => directory(`${path}/`)),
    ...files.map((file): ArchiveEntry => {
      const { path, mode, content } = file
      return { type: 'file', name: `${version}/${path}`, mode, content, ...owner(file.group) }
    }),
    { type: 'symlink', name: NEXT, target: version },
    ...firstElements(files)
      .filter((name) => !known.has(name))
      .map((name): ArchiveEntry => ({ type: 'symlink', name, target: `${CURRENT}/${name}` })),
  ]
}

/** What of the volume is not of the new version: the deepest first, so that directories are empty when their turn comes. */
function stalePaths(files: readonly VolumeFile[], version: string, present: readonly string[]): string[] {
  const kept = new Set([CURRENT, NEXT, version, ...firstElements(files)])
  return present.filter((path) => !kept.has(path.split('/')[0] ?? '')).sort((a, b) => depth(b) - depth(a))
}

function firstElements(files: readonly VolumeFile[]): string[] {
  return [...new Set(files.map(({ path }) => path.split('/')[0] ?? ''))]
}

/** The directories of files in directories, the outer ones first. */
function directoriesOf(files: readonly VolumeFile[]): string[] {
  const directories = new Set<string>()
  for (const { path } of files) {
    const elements = path.split('/').slice(0, -1)
    for (let length = 1; length <= elements.length; length++) directories.add(elements.slice(0, length).join('/'))
  }
  return [...directories].sort((a, b) => depth(a) - depth(b))
}

function depth(path: string): number {
  return path.split('/').length
}

function sorted(files: readonly VolumeFile[]): VolumeFile[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
}
