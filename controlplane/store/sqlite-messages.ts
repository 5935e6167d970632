import type { JournalRecord } from './journal.ts'

/** What the store asks of its worker, one at a time, and what the worker answers. */
export type WorkerRequest = { type: 'commit'; records: readonly JournalRecord[] } | { type: 'close' }

export type WorkerAnswer =
  | { type: 'opened'; items: { key: string; value: Uint8Array; revision: number }[]; revision: number }
  | { type: 'committed' }
  | { type: 'closed' }
  | { type: 'failed'; message: string }
  /** A commit may be there or not. */
  | { type: 'outcomeUnknown'; message: string }
