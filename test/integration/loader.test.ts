import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const made: string[] = []

afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true })
})

/** An installation whose command is only this source. */
function install(source: string) {
  const root = mkdtempSync(join(tmpdir(), 'kubette-loader-'))
  made.push(root)
  for (const folder of ['agent', 'shared', 'controlplane/store', 'node_modules']) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  for (const name of ['package.json', 'bin/loader', 'bin/kubette.js']) {
    cpSync(join(ROOT, name), join(root, name), { recursive: true })
  }
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    symlinkSync(join(ROOT, 'node_modules', name), join(root, 'node_modules', name))
  }
  writeFileSync(join(root, 'controlplane/store/sqlite-worker.ts'), 'export {}\n')
  const cache = join(root, '.cache')
  const packages = join(root, 'node_modules')
  const write = (source: string) => writeFileSync(join(root, 'bin/kubette.ts'), source)
  const run = (env: NodeJS.ProcessEnv = {}) =>
    new Promise<{ stdout: string; stderr: string }>((resolve) => {
      const options = { env: { ...process.env, ...env } }
      execFile(process.execPath, [join(root, 'bin/kubette.js')], options, (_error, stdout, stderr) =>
        resolve({ stdout, stderr }),
      )
    })
  write(source)
  return { cache, packages, write, run }
}

describe('the loader', () => {
  it('translates the sources once, and anew when one of them changes', async () => {
    const { cache, run, write } = install('const answer: number = 1\nconsole.log(answer)\n')
    expect((await run()).stdout).toBe('1\n')
    expect((await run()).stdout).toBe('1\n')
    expect(readdirSync(cache)).toHaveLength(1)
    write('const answer: number = 2\nconsole.log(answer)\n')
    expect((await run()).stdout).toBe('2\n')
    expect(readdirSync(cache)).toHaveLength(2)
  })

  it('loads more of it later though the packages are being installed anew', async () => {
    const { packages, run } = install(`
      import { rmSync } from 'node:fs'
      rmSync(process.env.PACKAGES ?? '', { recursive: true })
      const { default: yaml } = await import('yaml')
      console.log(yaml.parse('a: 1').a)
    `)
    expect(await run({ PACKAGES: packages })).toEqual({ stdout: '1\n', stderr: '' })
  })

  it('starts several at once', async () => {
    const { cache, run } = install('console.log(1 as number)\n')
    const outputs = await Promise.all([run(), run(), run()])
    expect(outputs.map(({ stdout }) => stdout)).toEqual(['1\n', '1\n', '1\n'])
    expect(readdirSync(cache)).toHaveLength(1)
  })

  it('says what to do where nothing is installed', async () => {
    const { packages, run } = install('console.log(1)\n')
    rmSync(packages, { recursive: true })
    const { stdout, stderr } = await run()
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^kubette: its packages are missing: run `npm ci` in .*\n$/)
  })

  it('does without where nothing can be written', async () => {
    const { cache, run } = install('const answer: number = 1\nconsole.log(answer, import.meta.url)\n')
    writeFileSync(cache, '')
    expect((await run()).stdout).toMatch(/^1 file:.*\/bin\/kubette\.ts/)
  })

  it('says where a source cannot be understood', async () => {
    const { cache, run } = install('const = 1\n')
    expect((await run()).stderr).toMatch(/the TypeScript cannot be translated:.*bin\/kubette\.ts:1:6/s)
    expect(readdirSync(cache)).toEqual([])
  })

  it('names the lines of the TypeScript in stack traces', async () => {
    const { run } = install("interface Gone {}\n\nfunction fail(_: Gone) {\n  throw new Error('here')\n}\nfail({})\n")
    expect((await run()).stderr).toMatch(/Error: here\n +at fail \(.*\/bin\/kubette\.ts:4:9\)/)
  })

  it('reads what it needs for that once, however many there are', async () => {
    const { run } = install(`
      import fs from 'node:fs'
      import { syncBuiltinESMExports } from 'node:module'
      const read = fs.readFileSync
      let maps = 0
      fs.readFileSync = (path, ...options) => {
        if (String(path).endsWith('.map')) maps++
        return read(path, ...options)
      }
      syncBuiltinESMExports()
      const traces = Array.from({ length: 10 }, () => new Error('here').stack)
      console.log(traces.length, maps)
    `)
    expect((await run()).stdout).toBe('10 1\n')
  })
})
