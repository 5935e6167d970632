/** What one client asked of one key, and what it was told. Values are never the same twice. */
export interface Operation {
  readonly key: string
  /** Places in the one order of all calls and answers. */
  readonly invoked: number
  /** Infinity where no answer came: it may have happened at any time since, or never. */
  readonly returned: number
  readonly call: Call
  readonly answer: Answer
}

export type Call =
  | { readonly type: 'read' }
  /** If the key has revision `expected`; 0: if it does not exist. */
  | { readonly type: 'write'; readonly value: string; readonly expected: number }
  | { readonly type: 'remove'; readonly expected: number }

export type Answer =
  | { readonly type: 'found'; readonly version: Version }
  | { readonly type: 'absent' }
  | { readonly type: 'written'; readonly revision: number }
  | { readonly type: 'removed' }
  | { readonly type: 'refused' }
  | { readonly type: 'unknown' }

export interface Version {
  readonly value: string
  readonly revision: number
}

export interface WatchedEvent {
  readonly type: 'put' | 'delete'
  readonly key: string
  readonly revision: number
  /** What was put, or what was deleted. */
  readonly value: string
}
