/** What an error says, for an event or a condition. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
