import { buffer } from 'node:stream/consumers'

export type ArchiveEntry =
  | { type: 'file'; name: string; mode: number; uid?: number; gid?: number; content: Buffer | string }
  | { type: 'directory'; name: string; mode: number; gid?: number }
  | { type: 'symlink'; name: string; target: string }

/** A tar archive whose bytes follow from what is given alone. All entries were changed at `mtimeMs`. */
export async function tarArchive(entries: readonly ArchiveEntry[], mtimeMs = 0): Promise<Buffer> {
  // 1 MB, for what most nodes never do.
  const { default: tar } = await import('tar-stream')
  const archive = tar.pack()
  for (const entry of entries) {
    const header = { name: entry.name, mtime: new Date(mtimeMs), type: entry.type }
    if (entry.type === 'symlink') archive.entry({ ...header, linkname: entry.target })
    else {
      const owned = { ...header, mode: entry.mode, gid: entry.gid ?? 0 }
      if (entry.type === 'file') archive.entry({ ...owned, uid: entry.uid ?? 0 }, Buffer.from(entry.content))
      else archive.entry(owned)
    }
  }
  archive.finalize()
  return buffer(archive)
}
