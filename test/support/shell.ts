import { spawn } from 'node:child_process'
import { PATIENCE } from './patience.ts'

export interface Output {
  code: number
  stdout: string
  stderr: string
}

export interface Options {
  env?: Record<string, string>
  cwd?: string
  input?: string
  timeoutMs?: number
  /** Called for each piece of what it prints, as it comes. */
  onStdout?: (text: string) => void
}

/** Runs a program to its end, whatever that is. */
export function tryRun(program: string, args: readonly string[], options: Options = {}): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: (options.timeoutMs ?? 120_000) * PATIENCE,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      options.onStdout?.(String(chunk))
    })
    child.stderr.on('data', (chunk) => (stderr += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

/** Runs a program and returns what it printed; throws with all of its output unless it ends with 0. */
export async function run(program: string, args: readonly string[], options: Options = {}): Promise<string> {
  const { code, stdout, stderr } = await tryRun(program, args, options)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`)
  return stdout
}

/** Asks again and again until the answer is truthy; throws with the last answer or error when it takes too long. */
export async function eventually<T>(what: string, ask: () => Promise<T>, limitMs = 60_000, pauseMs = 200): Promise<T> {
  const patienceMs = limitMs * PATIENCE
  const deadline = Date.now() + patienceMs
  for (;;) {
    let last: unknown
    try {
      const answer = await ask()
      if (answer) return answer
      last = answer
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${patienceMs} ms; last: ${String(last)}`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
