import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './shell.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const BASE_IMAGE = 'kubette-test/base:1'

/**
 * Makes what the Dockerfile's BASE must be where no registry can be reached: this machine's node with its libraries, a
 * static busybox as sh, and the packages that the product needs at /kubette/node_modules.
 */
export async function buildBaseImage(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kubette-base-'))
  try {
    const root = join(folder, 'root')
    await installPackages(join(root, 'kubette'))
    const addons = nativeAddons(join(root, 'kubette'))
    const programs = [realpathSync(process.execPath), ...addons]
    const libraries = (await Promise.all(programs.map(librariesOf))).flat()
    for (const file of [realpathSync(process.execPath), ...libraries]) put(file, join(root, file))
    put('/bin/busybox', join(root, 'bin/busybox'))
    symlinkSync('busybox', join(root, 'bin/sh'))
    symlinkSync('../bin/busybox', join(root, 'bin/test'))
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true })
    symlinkSync(realpathSync(process.execPath), join(root, 'usr/local/bin/node'))
    mkdirSync(join(root, 'tmp'), { mode: 0o1777 })
    const path = 'PATH=/usr/local/bin:/usr/bin:/bin'
    await run('sh', ['-c', `tar -C '${root}' -c . | docker import --change 'ENV ${path}' - ${BASE_IMAGE}`])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Compiled packages for this machine's kind of C library; those for others have libraries that are not here. */
function nativeAddons(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files.filter((name) => name.endsWith('.node') && !name.includes('musl')).map((name) => join(folder, name))
}

async function librariesOf(program: string): Promise<string[]> {
  const output = await run('ldd', [program])
  return [...output.matchAll(/^\s+(?:\S+ => )?(\/\S+)/gm)].map((match) => match[1] ?? '')
}

async function installPackages(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) copyFileSync(join(ROOT, name), join(folder, name))
  const options = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', ['ci', ...options], { cwd: folder })
}

function put(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(source, target)
}
