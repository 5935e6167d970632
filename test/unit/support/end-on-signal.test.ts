import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const MODULE = fileURLToPath(new URL('../../support/end-on-signal.ts', import.meta.url))
const SCRIPT = `
import { endOnSignal } from ${JSON.stringify(MODULE)}
const say = (word) => async () => { await 0; console.log(word) }
endOnSignal(say('first'))
endOnSignal(say('second'))
endOnSignal(say('called off'))()
setInterval(() => {}, 1000)
console.log('begun')
`

it.each(['SIGTERM', 'SIGINT'] as const)('ends what was begun before %s ends the process', async (signal) => {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', SCRIPT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
    if (output === 'begun\n') child.kill(signal)
  })
  const [, endedBy] = await once(child, 'close')
  expect({ output, endedBy }).toEqual({ output: 'begun\nsecond\nfirst\n', endedBy: signal })
})
