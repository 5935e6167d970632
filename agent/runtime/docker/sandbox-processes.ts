import { readFile } from 'node:fs/promises'
import type { ContainerInspect } from './container-inspect.ts'

/**
 * The processes of sandboxes as the machine itself shows them, which needs no Docker. That a process is not there means
 * something only where it was seen before: an agent in a container, or with Docker on another machine, sees none.
 */
export class SandboxProcesses {
  readonly #root: string
  readonly #seen = new Map<string, number>()

  /** `root`: where the kernel shows processes. */
  constructor(root = '/proc') {
    this.#root = root
  }

  /** A sandbox as Docker shows it now. */
  async look({ Id, State: { Running, Pid } }: ContainerInspect): Promise<void> {
    if (!Running || !Pid) this.#seen.delete(Id)
    else if (this.#seen.get(Id) !== Pid && (await this.#isIts(Pid, Id))) this.#seen.set(Id, Pid)
  }

  /** True only of one whose process was seen. */
  async hasEnded(id: string): Promise<boolean> {
    const pid = this.#seen.get(id)
    return pid !== undefined && !(await this.#isIts(pid, id))
  }

  forget(id: string): void {
    this.#seen.delete(id)
  }

  /** A container's cgroups bear its id, however Docker is set up. Another process may have got the number since. */
  async #isIts(pid: number, id: string): Promise<boolean> {
    const cgroups = await readFile(`${this.#root}/${pid}/cgroup`, 'utf8').catch(() => '')
    return cgroups.includes(id)
  }
}
