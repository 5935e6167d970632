import type { ContainerInspect } from './container-inspect.ts'
import { KernelLog } from './kernel-log.ts'

/** From the kernel itself, not from a process that wrote into its log; names the control group of the process that was killed. */
const KILL = /^[0-7],[^;]*;oom-kill:.*,task_memcg=([^,]*)/
const CONTAINER_ID = /[0-9a-f]{64}/g
/** The exit code of what SIGKILL ended. */
const KILLED = 137
const MOST_REMEMBERED = 256

/**
 * In which containers the kernel killed a process for want of memory. On control groups of version 2 Docker often misses
 * it: it reads it from a file that is gone with the container. The kernel's log keeps it, but of more than ten within
 * five seconds it may leave some out.
 */
export class OomKills {
  readonly #log: Pick<KernelLog, 'news'>
  readonly #ids = new Set<string>()

  constructor(log: Pick<KernelLog, 'news'> = new KernelLog()) {
    this.#log = log
  }

  /** What Docker says of a container, and that it ran out of memory where Docker missed it. */
  completed(found: ContainerInspect): ContainerInspect {
    const { Running, ExitCode, OOMKilled } = found.State
    if (Running || OOMKilled || ExitCode !== KILLED || !this.#has(found.Id)) return found
    return { ...found, State: { ...found.State, OOMKilled: true } }
  }

  #has(id: string): boolean {
    for (const line of this.#log.news()) this.#note(line)
    return this.#ids.has(id)
  }

  #note(line: string): void {
    const group = KILL.exec(line)?.[1] ?? ''
    for (const [id] of group.matchAll(CONTAINER_ID)) this.#ids.add(id)
    const [oldest] = this.#ids
    if (oldest !== undefined && this.#ids.size > MOST_REMEMBERED) this.#ids.delete(oldest)
  }
}
