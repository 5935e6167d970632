import { posix } from 'node:path'
import type { HostPathType, Runtime } from '../runtime/runtime.ts'
import type { HostPathGuard } from './host-path-guard.ts'
import { VolumeError } from './volume-error.ts'

export interface HostPathDeps {
  runtime: Pick<Runtime, 'hostPath' | 'createHostPath'>
  guard: HostPathGuard
}

const DESCRIPTIONS: Readonly<Record<HostPathType, string>> = {
  Directory: 'directory',
  File: 'file',
  Socket: 'socket file',
  CharDevice: 'character device',
  BlockDevice: 'block device',
}

/**
 * The path that a `hostPath` of this type comes to, once it is there as the type wants it: without symbolic links, so
 * that what was checked is what is mounted. Throws VolumeError with the kubelet's words.
 */
export async function hostPath(path: string, type: string, { runtime, guard }: HostPathDeps): Promise<string> {
  const found = await runtime.hostPath(path)
  await guard.check(path, found.path)
  if (found.type === 'missing') await create(path, found.path, type, runtime)
  else {
    const wanted = type.replace(/OrCreate$/, '') as HostPathType | ''
    if (wanted !== '' && wanted !== found.type) throw wrongType(path, wanted, `it's a ${found.type}`)
  }
  return found.path
}

function wrongType(path: string, wanted: HostPathType, why: string): VolumeError {
  return new VolumeError(`hostPath type check failed: ${path} is not a ${DESCRIPTIONS[wanted]}, ${why}`)
}

/** Without a type a directory is made, as container runtimes do. */
async function create(path: string, real: string, type: string, runtime: HostPathDeps['runtime']): Promise<void> {
  if (type === '' || type === 'DirectoryOrCreate') await runtime.createHostPath(real, 'Directory')
  else if (type !== 'FileOrCreate') throw wrongType(path, type as HostPathType, "it doesn't exist")
  else if ((await runtime.hostPath(posix.dirname(real))).type !== 'Directory') {
    throw new VolumeError(`open ${path}: no such file or directory`)
  } else await runtime.createHostPath(real, 'File')
}
