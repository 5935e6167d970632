import { VolumeError } from './volume-error.ts'

export interface HostPathGuardOptions {
  /** Paths that give power over the node itself, without symbolic links. */
  protectedPaths: () => Promise<readonly string[]>
  /** What a Pod may mount all the same, with all that is below; without symbolic links. */
  allowedPaths: () => Promise<readonly string[]>
}

/**
 * Keeps Pods from what would make them master of the node: the container runtime's socket and data, and the agent's own
 * files. A path is refused that is one of them, is inside one, or contains one.
 */
export class HostPathGuard {
  readonly #options: HostPathGuardOptions
  #protected: Promise<readonly string[]> | undefined

  constructor(options: HostPathGuardOptions) {
    this.#options = options
  }

  /** Throws VolumeError for a path that may not be mounted. `real` is where it leads to. */
  async check(path: string, real: string): Promise<void> {
    const { allowedPaths, protectedPaths } = this.#options
    this.#protected ??= protectedPaths().catch((error: unknown) => {
      this.#protected = undefined
      throw error
    })
    const found = (await this.#protected).find((secret) => isWithin(real, secret) || isWithin(secret, real))
    if (found === undefined) return
    // By where both lead to: a Pod that may write to what is allowed could make a link there to what is not.
    if ((await allowedPaths()).some((allowed) => isWithin(real, allowed))) return
    const lets = `hostPath ${path} would give the Pod ${found}, and with it this node`
    throw new VolumeError(`${lets}: the agent allows that only if it was started with --allow-host-path ${real}`)
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`)
}
