import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCES = ['agent', 'bin', 'controlplane', 'shared']
const PACKAGES = ['package.json', 'node_modules/.package-lock.json']
const BUILDER = fileURLToPath(new URL('./build.js', import.meta.url))
/** Of older sources: a process that still runs may load more of its own. */
const KEPT = 5

/**
 * The directory with the JavaScript of the command that is in `root`, from just these sources and packages: made there
 * where it is missing. Undefined where nothing can be written. Throws where the sources cannot be understood.
 */
export function bundleOf(root) {
  const cache = join(root, '.cache')
  const directory = join(cache, hashOf(root))
  if (existsSync(directory)) return directory
  const unfinished = `${directory}.${process.pid}`
  try {
    mkdirSync(unfinished, { recursive: true })
  } catch {
    return undefined
  }
  try {
    // In a process of its own: what the bundler takes up would not be given back.
    const { status, stderr } = spawnSync(process.execPath, [BUILDER, root, unfinished], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`the TypeScript cannot be translated:\n${stderr}`)
    publish(unfinished, directory)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  removeOldest(cache)
  return directory
}

function hashOf(root) {
  const filesIn = (part) => readdirSync(join(root, part), { recursive: true }).map((name) => join(part, name))
  const sources = SOURCES.flatMap(filesIn).filter((name) => /\.(js|ts|json)$/.test(name))
  const hash = createHash('sha256')
  for (const name of [...sources.sort(), ...PACKAGES.filter((name) => existsSync(join(root, name)))]) {
    const content = readFileSync(join(root, name))
    hash.update(`${name} ${content.length}\n`).update(content)
  }
  return hash.digest('hex').slice(0, 20)
}

/** All at once. Another process may have done the same meanwhile. */
function publish(unfinished, directory) {
  try {
    renameSync(unfinished, directory)
  } catch (error) {
    if (!existsSync(directory)) throw error
  }
}

function removeOldest(cache) {
  const made = readdirSync(cache).map((name) => ({
    name,
    at: statSync(join(cache, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  }))
  for (const { name } of made.sort((a, b) => b.at - a.at).slice(KEPT)) {
    rmSync(join(cache, name), { recursive: true, force: true })
  }
}
