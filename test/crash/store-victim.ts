import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { DurableModel } from './durable-model.ts'
import { type DiskFault, onFailingDisk } from './failing-disk.ts'
import { DISK_FAILED, type StoreProcessLine } from './store-process-line.ts'
import type { StartVictim } from './victim.ts'

const PROGRAM = fileURLToPath(new URL('store-process.ts', import.meta.url))

/** What the store's process has under its files; a function makes up what goes wrong in each process. */
type Disk = 'roomy' | 'tight' | (() => DiskFault)

/**
 * A process that has the store at `path` open. On a tight disk many of its writes fail half-way; on a failing one it
 * ends by itself where it cannot open its files, or cannot know any more what is in them.
 */
export function storeVictim(path: string, disk: Disk = 'roomy'): StartVictim {
  return (model) => {
    const program = [process.execPath, '--import', 'tsx', PROGRAM, path]
    const command =
      typeof disk === 'function' ? [...onFailingDisk(path, disk()), ...program, 'failing'] : [...program, disk]
    const child = spawn(command[0] as string, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
    let complaint = ''
    let hasEnded = false
    const ended = once(child, 'close').then(([code, signal]) => {
      hasEnded = true
      if (signal !== 'SIGKILL' && code !== DISK_FAILED)
        throw new Error(`the store's process ended by itself: ${complaint}`)
    })
    ended.catch(() => {}) // told by `ready` or `kill`
    child.stderr.on('data', (chunk) => {
      complaint += chunk
    })
    const ready = new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (text) => {
        try {
          hear(text, model, resolve)
        } catch (error) {
          reject(error)
        }
      })
      ended.then(resolve, reject)
    })
    return {
      ready,
      get hasEnded() {
        return hasEnded
      },
      async kill() {
        child.kill('SIGKILL')
        await ended
      },
    }
  }
}

/** The last line may have been cut off by the kill: nobody was told then. */
function hear(text: string, model: DurableModel, checked: () => void): void {
  if (!text.endsWith('}')) return
  const line = JSON.parse(text) as StoreProcessLine
  switch (line.type) {
    case 'found':
      model.check(line)
      checked()
      break
    case 'intent':
      model.intend(line.change)
      break
    case 'refused':
      model.refuse(line.change)
      break
    case 'acknowledged':
      model.acknowledge(line.change, line.revision)
      break
  }
}
