/** Bytes of warnings that one response may carry, so that its header stays acceptable to every client. */
const MOST_BYTES = 4096

/** The values of `Warning` headers: `299 - "unknown field \"spec.foo\""`. Repeated warnings are sent once. */
export function warningHeaders(warnings: readonly string[]): string[] {
  const headers = [...new Set(warnings)].map((warning) => `299 - "${quotable(warning)}"`)
  let left = MOST_BYTES
  return headers.filter((header) => {
    left -= header.length
    return left >= 0
  })
}

/** Headers hold printable ASCII: anything else becomes a question mark. */
function quotable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').replace(/[\\"]/g, '\\$&')
}
