import { posix } from 'node:path'
import type { Clock } from '../../../shared/clock.ts'
import { Turns } from '../../turns.ts'
import type { HostPath, HostPathType } from '../runtime.ts'
import { readFile } from './container-files.ts'
import { type PathStat, pathStat } from './container-paths.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import { LABELS, labelFilter, type Ownership, ownerLabels } from './labels.ts'
import type { DockerMount } from './mounts.ts'
import type { PauseImage } from './pause-image.ts'
import { type ArchiveEntry, tarArchive } from './tar-archive.ts'

/** Where a probe has the root directory of the machine, without what is mounted in it. */
const ROOT = '/.machine'
const MAX_LINKS = 40
/** How long one look may keep others waiting: what hangs on a dead filesystem must not hold up what is elsewhere. */
const LOOK_MS = 5_000
/** What lies at the machine's root hardly ever becomes a link. */
const BELIEVED_MS = 60_000

const TYPES: Readonly<Record<PathStat['type'], HostPathType | undefined>> = {
  directory: 'Directory',
  file: 'File',
  socket: 'Socket',
  characterDevice: 'CharDevice',
  blockDevice: 'BlockDevice',
  link: undefined,
  other: undefined,
}

export interface HostPathsOptions {
  docker: DockerApi
  containers: Containers
  pause: PauseImage
  owner: Ownership
  clock: Clock
}

/** A container that mounts what is looked at. */
interface Probe {
  id: string
  /** Where it has a path of the machine. */
  at(path: string): string
}

/**
 * Paths of the machine that Docker runs on, which need not be the agent's. They are looked at through a container that is
 * never started: it mounts the top directory of a path at the same place, so that links lead where they do on the machine.
 * One at a time: while Docker looks it has all that is mounted in there mounted once more, what it mounts for other looks
 * too. Each at the same time would double the machine's mounts, until the kernel takes no more. Docker does so even where
 * it is told not to, so the machine's root is mounted only to see what the top directory is.
 */
export class HostPaths {
  readonly #docker: DockerApi
  readonly #containers: Containers
  readonly #pause: PauseImage
  readonly #owner: Ownership
  readonly #clock: Clock
  readonly #looks: Turns
  /** Directories at the machine's root, and until when that is believed (monotonic). */
  readonly #tops = new Map<string, number>()
  readonly #bornMs: number
  #cleared: Promise<void> | undefined

  constructor({ docker, containers, pause, owner, clock }: HostPathsOptions) {
    this.#docker = docker
    this.#containers = containers
    this.#pause = pause
    this.#owner = owner
    this.#clock = clock
    this.#bornMs = clock.now()
    this.#looks = new Turns({ clock, maxMs: LOOK_MS })
  }

  /** Follows links, one at a time, until there is none left. */
  async inspect(path: string): Promise<HostPath> {
    let current = posix.normalize(path)
    for (let links = 0; links <= MAX_LINKS; links++) {
      const found = await this.#step(current)
      if (typeof found !== 'string') return found
      current = found
    }
    throw new Error(`too many symbolic links in ${path}`)
  }

  /** The text of a file; undefined where there is none, or one of more than `mostBytes`. */
  async read(path: string, mostBytes: number): Promise<string | undefined> {
    const { path: real, type } = await this.inspect(path)
    if (type !== 'File') return undefined
    const text = await this.#withProbe(real, ({ id, at }) => readFile(this.#docker, id, at(real), mostBytes + 1))
    return text !== undefined && Buffer.byteLength(text) > mostBytes ? undefined : text
  }

  async create(path: string, type: 'Directory' | 'File'): Promise<void> {
    const { path: real } = await this.inspect(path)
    await this.#withProbe(real, (probe) => this.#make(probe, real, type))
  }

  /** What is there, or the path to go on with where a link is in the way. */
  async #step(path: string): Promise<HostPath | string> {
    const [top, ...rest] = elementsOf(path)
    if (top === undefined) return { path, type: 'Directory' }
    if (rest.length === 0 || !this.#isKnown(top)) {
      const found = await this.#withProbe(`/${top}`, (probe) => this.#walk(probe, `/${top}`, 0))
      if (typeof found === 'string') return posix.join(found, ...rest)
      if (found.type === 'Directory') this.#tops.set(top, this.#clock.monotonic() + BELIEVED_MS)
      if (rest.length === 0 || found.type === 'missing') return { ...found, path }
    }
    return this.#withProbe(path, (probe) => this.#walk(probe, path, 1))
  }

  #isKnown(top: string): boolean {
    return (this.#tops.get(top) ?? 0) > this.#clock.monotonic()
  }

  /** Element by element, from that one on. */
  async #walk({ id, at }: Probe, path: string, first: number): Promise<HostPath | string> {
    const elements = elementsOf(path)
    let found: PathStat | undefined
    for (let index = first; index < elements.length; index++) {
      found = await pathStat(this.#docker, id, at(`/${elements.slice(0, index + 1).join('/')}`))
      if (!found) return { path, type: 'missing' }
      if (found.type === 'link') return posix.join(withoutRoot(found.linkTarget), ...elements.slice(index + 1))
    }
    return { path, type: (found && TYPES[found.type]) ?? 'missing' }
  }

  async #make({ id, at }: Probe, path: string, type: 'Directory' | 'File'): Promise<void> {
    const missing: string[] = []
    let parent = path
    while (parent !== '/' && !(await pathStat(this.#docker, id, at(parent)))) {
      missing.unshift(posix.basename(parent))
      parent = posix.dirname(parent)
    }
    if (missing.length === 0) return
    const names = missing.map((_, index) => missing.slice(0, index + 1).join('/'))
    const entries = names.map((name): ArchiveEntry => ({ type: 'directory', name: `${name}/`, mode: 0o755 }))
    if (type === 'File') entries.splice(-1, 1, { type: 'file', name: names.at(-1) ?? '', mode: 0o644, content: '' })
    const call = { method: 'PUT', path: `/containers/${id}/archive`, query: { path: at(parent) } } as const
    await this.#docker.json({ ...call, archive: await tarArchive(entries, this.#clock.now()) })
  }

  async #withProbe<T>(path: string, work: (probe: Probe) => Promise<T>): Promise<T> {
    await this.#pause.ensure()
    const probe = await this.#probe(path)
    try {
      return await this.#looks.take(() => work(probe))
    } finally {
      await this.#containers.remove(probe.id)
    }
  }

  /** Of the path's top directory, where there is one; else of the root, which has what is at the top itself. */
  async #probe(path: string): Promise<Probe> {
    this.#cleared ??= this.#clear().catch((error: unknown) => {
      this.#cleared = undefined
      throw error
    })
    await this.#cleared
    const top = topOf(path)
    if (top !== undefined) {
      try {
        return { id: await this.#create([bind(top, top, {})]), at: (place) => place }
      } catch (error) {
        if (!isFailure(error, 'invalid')) throw error
      }
    }
    const root = bind('/', ROOT, { NonRecursive: true })
    return { id: await this.#create([root]), at: (place) => posix.join(ROOT, place) }
  }

  /** What an earlier agent left that died over a probe. Others of that kind run, or are made by this agent right now. */
  async #clear(): Promise<void> {
    const query = { all: true, filters: { label: labelFilter(this.#labels()), status: ['created'] } }
    type Left = { Id: string; Created: number }
    const left = await this.#docker.json<Left[]>({ method: 'GET', path: '/containers/json', query })
    // Docker tells the second alone.
    const old = left.filter(({ Created }) => (Created + 1) * 1000 <= this.#bornMs)
    for (const { Id } of old) await this.#containers.remove(Id)
  }

  #labels() {
    return { ...ownerLabels(this.#owner), [LABELS.kind]: 'probe' }
  }

  #create(mounts: DockerMount[]): Promise<string> {
    const body = {
      Image: this.#pause.reference,
      Labels: this.#labels(),
      HostConfig: { NetworkMode: 'none', Mounts: mounts },
    }
    return this.#containers.createNamed(undefined, body)
  }
}

function bind(Source: string, Target: string, BindOptions: NonNullable<DockerMount['BindOptions']>): DockerMount {
  return { Type: 'bind', Source, Target, ReadOnly: false, BindOptions }
}

function elementsOf(path: string): string[] {
  return path.split('/').filter((element) => element !== '')
}

/** Of what lies below a directory at the machine's root. */
function topOf(path: string): string | undefined {
  const [, top = '', below] = path.split('/')
  return below === undefined ? undefined : `/${top}`
}

function withoutRoot(path: string): string {
  return path.startsWith(`${ROOT}/`) ? path.slice(ROOT.length) : path
}
