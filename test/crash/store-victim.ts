import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { DurableModel } from './durable-model.ts'
import type { StoreProcessLine } from './store-process.ts'
import type { StartVictim } from './victim.ts'

const PROGRAM = fileURLToPath(new URL('store-process.ts', import.meta.url))

/** A process that has the store at `path` open. On a tight disk many of its writes fail half-way. */
export function storeVictim(path: string, disk: 'roomy' | 'tight' = 'roomy'): StartVictim {
  return (model) => {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, path, disk], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let complaint = ''
    const ended = once(child, 'close').then(([_code, signal]) => {
      if (signal !== 'SIGKILL') throw new Error(`the store's process ended by itself: ${complaint}`)
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
