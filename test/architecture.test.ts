import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path && existsSync(join(root, path)) && !path.includes('/generated/'))
const product = sources.filter((path) => /^(agent|controlplane|shared|bin)\//.test(path))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** Which parts each part may import; its own is always allowed. Composition roots may import all. */
const ALLOWED: Record<string, string[]> = {
  shared: [],
  agent: ['shared'],
  'controlplane/store': ['shared'],
  'controlplane/backup': ['shared', 'controlplane/store'],
  'controlplane/registry': ['shared', 'controlplane/store'],
  'controlplane/client': ['shared', 'controlplane/registry'],
  'controlplane/apiserver': ['shared', 'controlplane/registry'],
  'controlplane/reconcile': ['shared', 'controlplane/client'],
  'controlplane/controllers': ['shared', 'controlplane/client', 'controlplane/reconcile'],
  'controlplane/scheduler': ['shared', 'controlplane/client', 'controlplane/reconcile'],
  'controlplane/nodes': ['shared', 'controlplane/client', 'controlplane/reconcile'],
}
const COMPOSITION_ROOTS = /^(agent\/main|controlplane\/(main|core)|bin\/.*)\.ts$/

function partOf(path: string): string {
  const [top = '', second = ''] = path.split('/')
  return top === 'controlplane' ? `${top}/${second}` : top
}

function importsOf(path: string): string[] {
  const found = read(path).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)
  return [...found].map((match) => relative(root, join(root, dirname(path), match[1] ?? '')))
}

describe('architecture', () => {
  it('imports point one way', () => {
    const wrong = product
      .filter((path) => !COMPOSITION_ROOTS.test(path))
      .flatMap((path) =>
        importsOf(path)
          .filter((target) => partOf(target) !== partOf(path) && !ALLOWED[partOf(path)]?.includes(partOf(target)))
          .map((target) => `${path} -> ${target}`),
      )
    expect(wrong).toEqual([])
  })

  it('has no import cycles', () => {
    const state = new Map<string, 'open' | 'done'>()
    const cycles: string[] = []
    const visit = (path: string, trail: string[]) => {
      if (state.get(path) === 'open') cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      if (state.has(path) || !product.includes(path)) return
      state.set(path, 'open')
      for (const target of valueImportsOf(path)) visit(target, [...trail, path])
      state.set(path, 'done')
    }
    for (const path of product) visit(path, [])
    expect(cycles).toEqual([])
  })

  it('keeps time, timers and chance behind the injected clock and random source', () => {
    const forbidden =
      /\bDate\.now\b|\bnew Date\(\)|(?<![.\w])set(?:Timeout|Interval)\(|\bMath\.random\b|performance\.now|\brandomUUID\b/
    const wrong = product
      .filter((path) => path !== 'shared/clock.ts' && path !== 'shared/random.ts')
      .filter((path) => forbidden.test(read(path)))
    expect(wrong).toEqual([])
  })

  it('compares by no locale, whose tables are 3 MB', () => {
    expect(product.filter((path) => /\.localeCompare\(|\bIntl\.|\.toLocale\w+\(/.test(read(path)))).toEqual([])
  })

  it('uses docker-modem only in the Docker runtime', () => {
    const users = product.filter((path) => /from 'docker-modem'/.test(read(path)))
    expect(users.filter((path) => !path.startsWith('agent/runtime/docker/'))).toEqual([])
  })

  it('has no file of more than 400 lines', () => {
    expect(sources.filter((path) => read(path).split('\n').length > 400)).toEqual([])
  })
})

/** Imports that exist at run time: `import type` makes no cycle. */
function valueImportsOf(path: string): string[] {
  const found = read(path).matchAll(/^(?:import|export)\s+(?!type\b)[^'"]*?from\s+'(\.[^']+)'/gm)
  return [...found].map((match) => relative(root, join(root, dirname(path), match[1] ?? '')))
}
