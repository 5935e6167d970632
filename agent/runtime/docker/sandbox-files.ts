import type { ContainerInspect } from './container-inspect.ts'
import type { Containers } from './containers.ts'
import type { ArchiveEntry } from './tar-archive.ts'

/**
 * Where a sandbox has files that its Pod's containers mount. It is a nameless volume, which Docker fills with what the
 * image has there, and removes with the sandbox.
 */
export const SANDBOX_FILES_DIRECTORY = '/messages'

/** So many files for last words are there from the start; more cost a call each. */
export const PREPARED_MESSAGES = 16

/** Those that say what the Pod's names are, by where a container has them. */
export const NAME_FILES = {
  '/etc/hosts': 'hosts',
  '/etc/hostname': 'hostname',
  '/etc/resolv.conf': 'resolv.conf',
} as const

/** For the image of sandboxes. */
export const SANDBOX_FILES: readonly ArchiveEntry[] = [
  { type: 'directory', name: `${SANDBOX_FILES_DIRECTORY.slice(1)}/`, mode: 0o755 },
  ...Object.values(NAME_FILES).map((name) => emptyFile(name, 0o644)),
  ...Array.from({ length: PREPARED_MESSAGES }, (_, number) => emptyFile(String(number), 0o666)),
]

/** As the sandbox itself sees it. */
export function sandboxFile(name: string): string {
  return `${SANDBOX_FILES_DIRECTORY}/${name}`
}

/** Where the files of a sandbox are. */
export interface FilesPlace {
  /** On Docker's machine. */
  folder: string
  /** Those of `NAME_FILES` that are there; Docker has the others. */
  names: readonly string[]
}

/** Knows where on Docker's machine sandboxes have their files. */
export class SandboxFiles {
  readonly #containers: Containers
  readonly #places = new Map<string, FilesPlace>()

  constructor(containers: Containers) {
    this.#containers = containers
  }

  /** Saves a question for each container of the sandbox. Undefined where it has no such place. */
  remember(sandbox: ContainerInspect | undefined): FilesPlace | undefined {
    const folder = sandbox?.Mounts?.find(({ Destination }) => Destination === SANDBOX_FILES_DIRECTORY)?.Source
    if (!sandbox || folder === undefined) return undefined
    const { Cmd } = sandbox.Config
    const names = Object.values(NAME_FILES).filter((name) => Cmd?.includes(sandboxFile(name)))
    const place = { folder, names }
    this.#places.set(sandbox.Id, place)
    return place
  }

  forget(sandboxId: string): void {
    this.#places.delete(sandboxId)
  }

  async of(sandboxId: string): Promise<FilesPlace | undefined> {
    return this.#places.get(sandboxId) ?? this.remember(await this.#containers.inspect(sandboxId))
  }
}

function emptyFile(name: string, mode: number): ArchiveEntry {
  return { type: 'file', name: `${SANDBOX_FILES_DIRECTORY.slice(1)}/${name}`, mode, content: '' }
}
