import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * What a directory and all below it occupy of the disk, each file once however many names it has. Follows no links.
 * Undefined where the directory cannot be seen; what vanishes meanwhile does not count.
 */
export async function directoryBytes(path: string): Promise<number | undefined> {
  const counted = new Set<number>()
  const visit = async (directory: string): Promise<number> => {
    let bytes = 0
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const at = join(directory, entry.name)
      const { ino, nlink, blocks } = await lstat(at).catch(() => ({ ino: 0, nlink: 1, blocks: 0 }))
      if (nlink > 1 && !entry.isDirectory()) {
        if (counted.has(ino)) continue
        counted.add(ino)
      }
      bytes += blocks * 512
      if (entry.isDirectory()) bytes += await visit(at).catch(() => 0)
    }
    return bytes
  }
  return visit(path).catch(() => undefined)
}
