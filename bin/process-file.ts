import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, sleep } from '../shared/clock.ts'
import { CommandFailure } from './command-failure.ts'

/**
 * Writes this process's id to `path`, so that a second one of its kind is refused and `kubette down` finds it. Returns the
 * way to give it back. Throws a CommandFailure where a living process holds it, or where it cannot be written; only a full
 * disk is no reason for who says with `onFull` that it runs without the file.
 */
export function claimProcessFile(path: string, onFull?: (failure: CommandFailure) => void): () => void {
  const holder = runningProcess(path)
  if (holder) throw new CommandFailure(`already running here as process ${holder} (${path})`)
  try {
    writeFileSync(path, String(process.pid), { mode: 0o600 })
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    const failure = new CommandFailure(`cannot note the process: ${message}`)
    if (!onFull || !FULL.includes(code)) throw failure
    onFull(failure)
  }
  return () => rmSync(path, { force: true })
}

const FULL = ['ENOSPC', 'EDQUOT']

/** Ends the commands that hold the directory, and waits until they are gone. Throws a CommandFailure where one stays. */
export async function stopProcesses(dataDir: string, clock: Clock): Promise<void> {
  for (const command of ['up', 'agent', 'server']) {
    const file = join(dataDir, `${command}.pid`)
    const id = runningProcess(file)
    if (!id) continue
    process.kill(id, 'SIGTERM')
    const deadline = clock.monotonic() + PATIENCE_MS
    while (runningProcess(file) === id) {
      if (clock.monotonic() > deadline) throw new CommandFailure(`kubette ${command} (process ${id}) does not end`)
      await sleep(clock, 100)
    }
  }
}

const PATIENCE_MS = 30_000

/** The living Kubette process whose id the file holds, if any. */
function runningProcess(path: string): number | undefined {
  try {
    const id = Number(readFileSync(path, 'utf8'))
    process.kill(id, 0)
    return id !== process.pid && isKubette(id) ? id : undefined
  } catch {
    return undefined
  }
}

/** Ids are used again: where the system can tell, another program with that id does not count. */
function isKubette(id: number): boolean {
  try {
    return /kubette|run\.mjs/.test(readFileSync(`/proc/${id}/cmdline`, 'utf8'))
  } catch {
    return process.platform !== 'linux'
  }
}
