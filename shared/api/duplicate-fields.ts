/** Where a scan of JSON text is: inside an object (with the names seen and the current one) or a list. */
type Frame = { seen: Set<string>; name: string } | { index: number }

const MOST_REPORTED = 100
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g

/**
 * Paths of fields that one object of valid JSON text names more than once (`JSON.parse` keeps the last and says
 * nothing), such as `spec.replicas`; 100 at most.
 */
export function duplicateFields(json: string): string[] {
  const duplicates: string[] = []
  const frames: Frame[] = []
  let text = ''
  for (const [token] of json.matchAll(TOKEN)) {
    const frame = frames.at(-1)
    if (token === '{') frames.push({ seen: new Set(), name: '' })
    else if (token === '[') frames.push({ index: 0 })
    else if (token === '}' || token === ']') frames.pop()
    else if (token === ',' && frame && 'index' in frame) frame.index++
    else if (token === ':' && frame && 'seen' in frame) enter(frame, JSON.parse(text), frames, duplicates)
    else text = token
  }
  return duplicates
}

function enter(frame: { seen: Set<string>; name: string }, name: string, frames: Frame[], duplicates: string[]): void {
  frame.name = name
  if (!frame.seen.has(name)) frame.seen.add(name)
  else if (duplicates.length < MOST_REPORTED) duplicates.push(pathOf(frames))
}

function pathOf(frames: readonly Frame[]): string {
  const parts = frames.map((frame) => ('index' in frame ? `[${frame.index}]` : `.${frame.name}`))
  return parts.join('').replace(/^\./, '')
}
