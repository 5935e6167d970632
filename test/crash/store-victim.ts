import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { DurableModel } from './durable-model.ts'
import type { StoreProcessLine } from './store-process.ts'
import type { StartVictim } from './victim.ts'

const PROGRAM = fileURLToPath(new URL('store-process.ts', import.meta.url))

/** A process that has the store at `path` open. */
export function storeVictim(path: string): StartVictim {
  return (model) => {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, path], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'close')
    let complaint = ''
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
      child.once('close', (_code, signal) => {
        if (signal === 'SIGKILL') resolve()
        else reject(new Error(`the store's process ended by itself: ${complaint}`))
      })
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
    case 'acknowledged':
      model.acknowledge(line.change, line.revision)
      break
  }
}
