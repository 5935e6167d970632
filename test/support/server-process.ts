import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ApiClient } from '../../bin/api-client.ts'
import { KUBETTE } from './kubette.ts'

/** A `kubette server` on loopback, in a process of its own. */
export class ServerProcess {
  readonly #dataDir: string
  readonly #child: ChildProcess
  #output = ''

  private constructor(dataDir: string, child: ChildProcess) {
    this.#dataDir = dataDir
    this.#child = child
  }

  /** Resolves when the API is served. `wrapper` is a command that runs the rest of its arguments; `options` are the server's own. */
  static async start(
    dataDir: string,
    port: number,
    wrapper: readonly string[] = [],
    options: readonly string[] = [],
  ): Promise<ServerProcess> {
    const commandLine = ['server', '--data', dataDir, '--port', String(port), ...options]
    const command = [...wrapper, process.execPath, KUBETTE, ...commandLine]
    const server = new ServerProcess(dataDir, spawn(command[0] as string, command.slice(1)))
    await server.#ready()
    return server
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** Resolves when it has ended by itself, to what it had said. */
  async ended(): Promise<string> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close')
    return this.#output
  }

  /** An administrator's. */
  client(kubeconfig = join(this.#dataDir, 'kubeconfig')): ApiClient {
    return ApiClient.fromKubeconfig(kubeconfig)
  }

  /** Resolves when it has gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill(signal)
    await once(this.#child, 'exit')
  }

  #ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const read = (chunk: Buffer) => {
        this.#output += chunk
        if (/^kubette server: https/m.test(this.#output)) resolve()
      }
      this.#child.stdout?.on('data', read)
      this.#child.stderr?.on('data', read)
      this.#child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${this.#output}`)))
    })
  }
}
