import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, tryRun } from '../support/shell.ts'

const SCRIPT = fileURLToPath(new URL('../lab/lab', import.meta.url))

describe('a lab', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubette-lab-'))
  /** Two that have one name, in a directory each. */
  const [env, otherEnv] = ['one', 'other'].map((directory) => {
    return { LAB_DIR: join(folder, directory), LAB_PREFIX: basename(folder), LAB_NODOCKER: 'yes' }
  })

  beforeAll(() => run(SCRIPT, ['up', '1'], { env }))
  afterAll(async () => {
    await tryRun(SCRIPT, ['down'], { env })
    rmSync(folder, { recursive: true, force: true })
  })

  it('is left alone by another that wants its name', async () => {
    const other = await tryRun(SCRIPT, ['up', '1'], { env: otherEnv })
    expect(other).toMatchObject({ code: 1, stderr: `lab: another lab named ${basename(folder)} is up\n` })
    await run(SCRIPT, ['down'], { env: otherEnv })
    expect(await run(SCRIPT, ['exec', 'h1', 'busybox', 'ping', '-c', '1', '-W', '1', '10.77.0.1'], { env })).toContain(
      ' 0% packet loss',
    )
  })
})
