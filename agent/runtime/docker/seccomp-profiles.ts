import { readFile } from 'node:fs/promises'
import { isAbsolute, join, normalize } from 'node:path'
import { messageOf } from '../../../shared/error-message.ts'
import { type ContainerSecurity, RuntimeFailure } from '../runtime.ts'

/** Seccomp profiles that lie as JSON files in a directory of the machine. */
export class SeccompProfiles {
  readonly #directory: string | undefined

  /** Without a directory there are none. */
  constructor(directory: string | undefined) {
    this.#directory = directory
  }

  /** The JSON of the profile that a container names, if it names one. Rejects with code `invalid` if that is no profile. */
  async load({ seccomp }: ContainerSecurity = {}): Promise<string | undefined> {
    if (seccomp?.type !== 'localhost') return undefined
    try {
      const profile = await readFile(this.#pathOf(seccomp.name), 'utf8')
      // Docker takes it as one line.
      return JSON.stringify(JSON.parse(profile))
    } catch (error) {
      const why = messageOf(error)
      throw new RuntimeFailure('invalid', `cannot load seccomp profile "${seccomp.name}": ${why}`, error)
    }
  }

  #pathOf(name: string): string {
    if (this.#directory === undefined) throw new Error('the agent was started without --seccomp-profiles')
    const inside = normalize(name)
    if (isAbsolute(inside) || inside.split('/').includes('..'))
      throw new Error('it must be a path inside the directory')
    return join(this.#directory, inside)
  }
}
