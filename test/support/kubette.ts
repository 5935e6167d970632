import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kubectlPath } from './kubectl.ts'
import { type Output, run, tryRun } from './shell.ts'

export const KUBETTE = fileURLToPath(new URL('../../bin/kubette.js', import.meta.url))

/** Runs a kubette command to its end. */
export function kubette(...args: string[]): Promise<Output> {
  return tryRun(process.execPath, [KUBETTE, ...args])
}

/**
 * A port of 127.0.0.1 that nobody has. It is none that the kernel gives to outgoing connections, as it would a port that
 * it chose itself: so it can be let go and taken again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

/** A `kubette up` in a folder of its own, as a user runs it in a terminal. */
export class UpProcess {
  readonly dataDir: string
  readonly port: number
  #child: ChildProcess | undefined
  #output = ''

  constructor(port: number, dataDir = mkdtempSync(join(tmpdir(), 'kubette-up-'))) {
    this.port = port
    this.dataDir = dataDir
  }

  get kubeconfig(): string {
    return join(this.dataDir, 'kubeconfig')
  }

  get output(): string {
    return this.#output
  }

  /** Resolves with the line that says that it is ready. */
  start(...args: string[]): Promise<string> {
    const child = spawn(process.execPath, [KUBETTE, 'up', '--data', this.dataDir, '--port', String(this.port), ...args])
    this.#child = child
    return new Promise((resolve, reject) => {
      const read = (chunk: Buffer) => {
        this.#output += chunk
        const line = /^kubette is ready.*$/m.exec(this.#output)?.[0]
        if (line) resolve(line)
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('exit', (code) => reject(new Error(`kubette up ended with ${code}:\n${this.#output}`)))
    })
  }

  /** What Ctrl-C does; resolves with the exit code. */
  async interrupt(): Promise<number | null> {
    const child = this.#child
    // Who was killed has no exit code, and will not end a second time.
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    child.kill('SIGINT')
    await once(child, 'exit')
    this.#output = ''
    return child.exitCode
  }

  kubectl(...args: string[]): Promise<string> {
    return kubectlWith(this.kubeconfig, ...args)
  }

  /** Ends it and removes all that it made; throws, and leaves its data, where that does not succeed. */
  async destroy(): Promise<void> {
    await this.interrupt()
    await run(process.execPath, [KUBETTE, 'down', '--data', this.dataDir])
    rmSync(this.dataDir, { recursive: true, force: true })
  }
}

/** The newest kubectl. Throws with its output unless it ends with 0. */
export async function kubectlWith(kubeconfig: string, ...args: string[]): Promise<string> {
  return run(await kubectlPath('1.36'), ['--kubeconfig', kubeconfig, ...args])
}
