/** What an error says, to be told to a user. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
