import type { Readable } from 'node:stream'

/** The values of a stream of JSON lines. Lines that are no JSON, and a last one that is cut off, are left out. */
export async function* jsonLines<T>(stream: Readable): AsyncGenerator<T> {
  let rest = ''
  stream.setEncoding('utf8')
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const value = parse(line)
      if (value !== undefined) yield value as T
    }
  }
  const last = parse(rest)
  if (last !== undefined) yield last as T
}

function parse(line: string): unknown {
  if (line.trim() === '') return undefined
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
