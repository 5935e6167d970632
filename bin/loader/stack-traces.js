import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/*
 * Part of what build.js makes: names the lines of the TypeScript in stack traces. Node can do that too, but reads every
 * map together with the code, and keeps it: 5 MB in an agent. Here they are read when there is an error to be told of.
 */

const DIRECTORY = new URL('.', import.meta.url).href

Error.prepareStackTrace = (error, frames) => {
  const maps = new Map()
  const lines = frames.map((frame) => `\n    at ${described(frame, maps)}`)
  return headlineOf(error) + lines.join('')
}

function headlineOf(error) {
  return error instanceof Error ? String(error) : Error.prototype.toString.call(error)
}

function described(frame, maps) {
  const [file, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()]
  if (!file?.startsWith(DIRECTORY)) return frame.toString()
  if (!maps.has(file)) maps.set(file, readMap(file))
  const { originalSource, originalLine, originalColumn } = maps.get(file)?.findEntry(line - 1, column - 1) ?? {}
  if (originalSource === undefined) return frame.toString()
  const source = fileURLToPath(new URL(originalSource, file))
  return frame.toString().replace(`${file}:${line}:${column}`, `${source}:${originalLine + 1}:${originalColumn + 1}`)
}

function readMap(file) {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${file}.map`), 'utf8')))
  } catch {
    return undefined // without its map, a trace still says more than an error about it
  }
}
