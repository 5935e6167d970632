import type { Change } from './durable-model.ts'

/** What the process says on its standard output, a line each. */
export type StoreProcessLine =
  | { type: 'found'; revision: number; entries: { key: string; revision: number; hash: string }[] }
  | { type: 'intent'; change: Change }
  | { type: 'acknowledged'; change: Change; revision: number }
  | { type: 'refused'; change: Change }

/** The exit code where the disk is known to fail and the process could not open its files, or stopped to trust them. */
export const DISK_FAILED = 9
