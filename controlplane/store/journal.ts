/** Where a store's commits go before anybody sees them. What is behind it decides how much a commit survives. */
export interface Journal {
  /**
   * Resolves once all of `records` would survive; rejects when none of them will be there. One call at a time.
   * @throws OutcomeUnknown when it cannot be said which of the two; then it must not be asked for anything more
   */
  commit(records: readonly JournalRecord[]): Promise<void>
  close(): Promise<void>
}

export type JournalRecord =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array; readonly revision: number }
  | { readonly type: 'delete'; readonly key: string; readonly revision: number }
  /** No revision up to this one may be given out again after a restart. */
  | { readonly type: 'reserve'; readonly revision: number }

/** What a journal brings back: the state to go on from. */
export interface Recovered {
  readonly items: Iterable<{ key: string; value: Uint8Array; revision: number }>
  /** The highest revision that may have been given out before. */
  readonly revision: number
}
