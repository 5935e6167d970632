import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'

const LOG = new URL('../../../shared/log.ts', import.meta.url)

/** Logs 200 kB, which is more than a pipe takes, says so, and ends when its input does. */
const PROGRAM = `
  import { createLogger } from ${JSON.stringify(LOG)}
  const log = createLogger('test')
  for (let line = 0; line < 1000; line++) log.info({ line, text: 'x'.repeat(150) }, 'said')
  process.stdin.resume()
  console.log('logged')
`

describe('the log', () => {
  let program: ChildProcess | undefined

  afterEach(() => program?.kill('SIGKILL'))

  it('stops nothing while nobody takes it, and is whole in the end', { timeout: 60_000 }, async () => {
    program = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM])
    const [answer] = (await once(program.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
    expect(answer.toString()).toBe('logged\n')
    program.stdin?.end()
    let text = ''
    for await (const chunk of program.stderr ?? []) text += chunk
    const lines = text.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).line)).toEqual(Array.from({ length: 1000 }, (_, line) => line))
  })
})
