import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'

export type ArchiveEntry =
  | { type: 'file'; name: string; mode: number; content: Buffer | string }
  | { type: 'directory'; name: string; mode: number }
  | { type: 'symlink'; name: string; target: string }

/** A tar archive whose bytes follow from its entries alone. */
export async function tarArchive(entries: readonly ArchiveEntry[]): Promise<Buffer> {
  const archive = pack()
  for (const entry of entries) {
    const header = { name: entry.name, mtime: new Date(0), type: entry.type }
    if (entry.type === 'file') archive.entry({ ...header, mode: entry.mode }, Buffer.from(entry.content))
    else if (entry.type === 'directory') archive.entry({ ...header, mode: entry.mode })
    else archive.entry({ ...header, linkname: entry.target })
  }
  archive.finalize()
  return buffer(archive)
}
