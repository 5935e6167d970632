import { type ContainerSpec, RuntimeFailure, type Variable } from '../runtime.ts'
import type { ContainerUsers } from './container-users.ts'
import type { Containers } from './containers.ts'
import type { DockerApi } from './docker-api.ts'
import { isFailure } from './docker-failure.ts'
import type { MemoryVolumes } from './memory-volumes.ts'
import { type DockerMount, SECRETS_VOLUME_DIRECTORY } from './mounts.ts'
import type { Architecture } from './programs/elf-executable.ts'
import { SECRETS_DIRECTORY, SECRETS_FILES, secretsProgram } from './programs/secrets-program.ts'
import type { Loan, SecretsLender } from './secrets-lender.ts'
import { type ArchiveEntry, tarArchive } from './tar-archive.ts'

const PROGRAM = `${SECRETS_DIRECTORY}/${SECRETS_FILES.program}`

export interface ContainerSecretsOptions {
  docker: DockerApi
  containers: Containers
  memory: MemoryVolumes
  users: ContainerUsers
  lender: Pick<SecretsLender, 'lend'>
}

/** What a container begins with in the place of its command, and what it mounts for that. */
export interface SecretStart {
  command: [program: string, ...arguments: string[]]
  mount: DockerMount
  /** To be ended when the container has started, or will not. */
  loan?: Loan
}

/** Who has a volume for Secrets, and where Docker's machine has it. */
interface Place {
  containerId: string
  folder: string
  loan?: Loan
}

interface ImageCommand {
  Config?: { Entrypoint?: string[] | null; Cmd?: string[] | null } | null
}

/**
 * Gives containers the values of Secrets in their environment. Docker writes the environment that it is told of to a disk, and so
 * does containerd. So it is not told: a program of ours stands before the container's command, and before each command that is
 * run there later, and adds what it finds in files in memory. They are in a directory of the sandbox's volume for this,
 * of which a container sees its own part only, and there only the user whom it begins as.
 */
export class ContainerSecrets {
  readonly #options: ContainerSecretsOptions
  /** Containers, and whether the program stands before their commands. */
  readonly #known = new Map<string, boolean>()
  /** By the containers that have them. */
  readonly #loans = new Map<string, Loan>()

  constructor(options: ContainerSecretsOptions) {
    this.#options = options
  }

  /** Undefined for a container that has none. */
  async provide(spec: ContainerSpec): Promise<SecretStart | undefined> {
    if (!spec.secretEnv?.length) return undefined
    for (const { name, value } of spec.secretEnv) refuseZeros(`environment variable ${JSON.stringify(name)}`, value)
    const command = await this.#commandOf(spec)
    const { containerId, folder, loan } = await this.#placeFor(spec)
    try {
      await this.#write(containerId, spec, spec.secretEnv, command)
    } catch (error) {
      await loan?.end()
      throw error
    }
    return {
      command: [PROGRAM, ...(spec.hasSecretCommand ? [] : command)],
      mount: { Type: 'bind', Source: `${folder}/${spec.name}`, Target: SECRETS_DIRECTORY, ReadOnly: true },
      ...(loan ? { loan } : {}),
    }
  }

  created(containerId: string, { loan }: SecretStart): void {
    this.#known.set(containerId, true)
    if (loan) this.#loans.set(containerId, loan)
  }

  /** Or it could not be. */
  async started(containerId: string): Promise<void> {
    const loan = this.#loans.get(containerId)
    this.#loans.delete(containerId)
    await loan?.end()
  }

  /** A command as it has to be run in a container so that it has the environment of the container's own. */
  async inside(containerId: string, command: string[]): Promise<string[]> {
    const isBehind = this.#known.get(containerId) ?? (await this.#look(containerId))
    return isBehind ? [PROGRAM, ...command] : command
  }

  async removed(containerId: string): Promise<void> {
    this.#known.delete(containerId)
    await this.started(containerId)
  }

  async #look(id: string): Promise<boolean> {
    const found = await this.#options.containers.inspect(id)
    const isBehind = found?.Mounts?.some(({ Destination }) => Destination === SECRETS_DIRECTORY) ?? false
    if (found) this.#known.set(id, isBehind)
    return isBehind
  }

  /** The sandbox, unless it has none: the container came later, an earlier agent made it, or Docker lost what it had. */
  async #placeFor({ sandboxId }: ContainerSpec): Promise<Place> {
    const folder = await this.#folderOf(sandboxId)
    if (folder !== undefined && (await this.#isSound(sandboxId))) return { containerId: sandboxId, folder }
    const loan = await this.#options.lender.lend()
    const lent = await this.#folderOf(loan.containerId)
    if (lent !== undefined) return { containerId: loan.containerId, folder: lent, loan }
    await loan.end()
    throw new RuntimeFailure('failed', 'the memory for values of Secrets went away')
  }

  /** Where Docker's machine has a container's volume for Secrets. */
  async #folderOf(containerId: string): Promise<string | undefined> {
    const found = await this.#options.containers.inspect(containerId)
    return found?.Mounts?.find(({ Destination }) => Destination === SECRETS_VOLUME_DIRECTORY)?.Source
  }

  async #isSound(sandboxId: string): Promise<boolean> {
    try {
      await this.#options.memory.check(sandboxId, [SECRETS_VOLUME_DIRECTORY])
      return true
    } catch (error) {
      if (isFailure(error, 'volumesLost')) return false
      throw error
    }
  }

  async #commandOf({ command, args, imageId }: ContainerSpec): Promise<string[]> {
    const whole = command ? [...command, ...(args ?? [])] : await this.#imageCommand(imageId, args)
    // Docker's own words, where it sees that there is none.
    for (const text of whole) refuseZeros('the command', text)
    if (whole.length === 0) throw new RuntimeFailure('invalid', 'No command specified')
    return whole
  }

  async #imageCommand(imageId: string, args: string[] | undefined): Promise<string[]> {
    const { Config } = await this.#options.docker.json<ImageCommand>({ method: 'GET', path: `/images/${imageId}/json` })
    return [...(Config?.Entrypoint ?? []), ...(args ?? Config?.Cmd ?? [])]
  }

  async #write(
    containerId: string,
    spec: ContainerSpec,
    variables: readonly Variable[],
    command: readonly string[],
  ): Promise<void> {
    const { docker, users } = this.#options
    const [uid, architecture] = await Promise.all([users.uidOf(spec), docker.architecture()])
    const file = (name: string, content: Buffer): ArchiveEntry => {
      const owner = uid === undefined ? { mode: 0o444 } : { mode: 0o400, uid }
      return { type: 'file', name: `${spec.name}/${name}`, content, ...owner }
    }
    const program = secretsProgram(architecture as Architecture)
    const archive = await tarArchive([
      { type: 'directory', name: `${spec.name}/`, mode: 0o755 },
      { type: 'file', name: `${spec.name}/${SECRETS_FILES.program}`, content: program, mode: 0o555 },
      file(SECRETS_FILES.environment, texts(variables.map(({ name, value }) => `${name}=${value}`))),
      ...(spec.hasSecretCommand ? [file(SECRETS_FILES.command, texts(command))] : []),
    ])
    const path = `/containers/${containerId}/archive`
    await docker.json({ method: 'PUT', path, query: { path: SECRETS_VOLUME_DIRECTORY }, archive })
  }
}

/** As the program reads them. */
function texts(all: readonly string[]): Buffer {
  return Buffer.from(all.map((text) => `${text}\0`).join(''))
}

/** No process can have one; in a file it would end the text. */
function refuseZeros(what: string, text: string): void {
  if (text.includes('\0')) throw new RuntimeFailure('invalid', `${what} contains a nul byte`)
}
