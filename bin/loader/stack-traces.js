import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/*
 * Part of what build.js makes: names the lines of the TypeScript in stack traces. Node can do that too, but reads every
 * map together with the code, and keeps it: 5 MB in an agent. Here they are read when there is an error to be told of.
 * That takes a good part of a tenth of a second, so they stay until memory is needed: an agent whose Docker is away tells
 * of many errors, and must not be silent over them.
 */

const DIRECTORY = new URL('.', import.meta.url).href

/** Weak references by file. */
const maps = new Map()

Error.prepareStackTrace = (error, frames) => {
  const lines = frames.map((frame) => `\n    at ${described(frame)}`)
  return headlineOf(error) + lines.join('')
}

function headlineOf(error) {
  return error instanceof Error ? String(error) : Error.prototype.toString.call(error)
}

function described(frame) {
  const [file, line, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()]
  if (!file?.startsWith(DIRECTORY)) return frame.toString()
  const { originalSource, originalLine, originalColumn } = mapOf(file)?.findEntry(line - 1, column - 1) ?? {}
  if (originalSource === undefined) return frame.toString()
  const source = fileURLToPath(new URL(originalSource, file))
  return frame.toString().replace(`${file}:${line}:${column}`, `${source}:${originalLine + 1}:${originalColumn + 1}`)
}

function mapOf(file) {
  const kept = maps.get(file)?.deref()
  if (kept) return kept
  const map = readMap(file)
  if (map) maps.set(file, new WeakRef(map))
  return map
}

function readMap(file) {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${file}.map`), 'utf8')))
  } catch {
    return undefined // without its map, a trace still says more than an error about it
  }
}
