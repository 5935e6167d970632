/** Well under the longest message, even with one object of the largest size on top. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024

/** Cuts a change's objects into as many parts as frames are needed for it, one at least. */
export function frameParts<T>(objects: Iterable<T>): T[][] {
  const parts: T[][] = [[]]
  let bytes = 0
  for (const object of objects) {
    const size = Buffer.byteLength(JSON.stringify(object))
    if (bytes > 0 && bytes + size > MAX_FRAME_BYTES) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(object)
    bytes += size
  }
  return parts
}
