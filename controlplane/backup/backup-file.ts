import { readFile } from 'node:fs/promises'
import { writeDurably } from '../../shared/durable-file.ts'
import { sha256Hex } from '../../shared/pki/key-pair.ts'
import type { Snapshot } from '../../shared/protocol/snapshot.ts'
import type { Random } from '../../shared/random.ts'

/** A cluster as it can be brought back: its state, and the CA that its nodes and users trust. */
export interface Backup {
  readonly clusterId: string
  /** RFC 3339 */
  readonly takenAt: string
  /** What the server keeps of its CA, by file name: `ca.crt` and `ca.key`, PEM. */
  readonly pki: Readonly<Record<string, string>>
  readonly snapshot: Snapshot
}

const TITLE = 'kubette-backup 1'

/** Two lines: the title with a checksum of the second, and the backup as JSON. Its mode is 0600: it holds keys. */
export async function writeBackup(path: string, backup: Backup, random: Random): Promise<void> {
  const body = JSON.stringify(backup)
  await writeDurably(path, `${TITLE} ${sha256Hex(Buffer.from(body))}\n${body}\n`, random)
}

/** Throws where it is no backup, or not as it was written. */
export async function readBackup(path: string): Promise<Backup> {
  const text = await readFile(path)
  const end = text.indexOf('\n')
  const title = text.subarray(0, Math.max(0, end)).toString()
  const checksum = title.slice(TITLE.length + 1)
  if (!title.startsWith(`${TITLE} `)) throw new Error('it is not a backup that this version can read')
  if (text.at(-1) !== NEWLINE || sha256Hex(text.subarray(end + 1, -1)) !== checksum) {
    throw new Error('the backup is damaged: its checksum does not fit')
  }
  return JSON.parse(text.subarray(end + 1).toString()) as Backup
}

const NEWLINE = 0x0a
