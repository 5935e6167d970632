import type { DockerApi } from './docker-api.ts'

interface DockerInfo {
  KernelVersion: string
  SecurityOptions: string[] | null
}

/** Linux 6.4 is the first that knows the mount option `noswap`, as the kubelet asks for. */
const SINCE = [6, 4] as const

/** Whether what is in a tmpfs can be kept from being swapped to a disk: only the machine's own root may. */
export class TmpfsNoswap {
  readonly #docker: DockerApi
  #isPossible: Promise<boolean> | undefined

  constructor(docker: DockerApi) {
    this.#docker = docker
  }

  /** Asks Docker only once. */
  isPossible(): Promise<boolean> {
    this.#isPossible ??= this.#ask().catch((error: unknown) => {
      this.#isPossible = undefined
      throw error
    })
    return this.#isPossible
  }

  async #ask(): Promise<boolean> {
    const { KernelVersion, SecurityOptions } = await this.#docker.json<DockerInfo>({ method: 'GET', path: '/info' })
    return isSince(KernelVersion) && !SecurityOptions?.some((option) => option.split(',').includes('name=rootless'))
  }
}

function isSince(kernelVersion: string): boolean {
  const [major = 0, minor = 0] = kernelVersion.split('.').map((part) => Number.parseInt(part, 10))
  return major > SINCE[0] || (major === SINCE[0] && minor >= SINCE[1])
}
