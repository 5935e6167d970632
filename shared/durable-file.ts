import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Random } from './random.ts'
import { nameSuffix } from './random.ts'

/** For secrets: only their owner may read them. */
const PRIVATE_FILE_MODE = 0o600
export const PRIVATE_DIRECTORY_MODE = 0o700

/**
 * Writes a file as a whole or not at all: when this resolves the new content survives a power cut, and at no time does
 * anybody see half of it. Makes missing directories, private to their owner.
 */
export async function writeDurably(path: string, content: string, random: Random): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: PRIVATE_DIRECTORY_MODE })
  const draft = join(directory, `.${basename(path)}.${nameSuffix(random, 8)}`)
  try {
    await writeAndSync(draft, content)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await syncDirectory(directory)
}

/**
 * Makes a directory with all of its files at once. Returns false, and changes nothing, where it exists already.
 */
export async function createDirectoryDurably(
  path: string,
  files: Readonly<Record<string, string>>,
  random: Random,
): Promise<boolean> {
  const parent = dirname(path)
  const draft = join(parent, `.${basename(path)}.${nameSuffix(random, 8)}`)
  await mkdir(draft, { recursive: true, mode: PRIVATE_DIRECTORY_MODE })
  try {
    for (const [name, content] of Object.entries(files)) await writeAndSync(join(draft, name), content)
    await syncDirectory(draft)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    if (isErrno(error, 'ENOTEMPTY') || isErrno(error, 'EEXIST')) return false
    throw error
  }
  await syncDirectory(parent)
  return true
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

async function writeAndSync(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', PRIVATE_FILE_MODE)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
