import { Readable } from 'node:stream'
import type { LogOptions } from '../../agent/runtime/runtime.ts'
import { microTimestamp } from '../../shared/clock.ts'
import type { Broadcast } from './broadcast.ts'

export interface LogLine {
  at: number
  /** With its line feed. */
  text: string
}

/** Where the lines come from. */
export interface FakeLogSource {
  /** Grows. */
  lines: readonly LogLine[]
  isRunning(): boolean
  /** Tells that there may be more. */
  changes: Broadcast<unknown>
}

/** A container's log as a runtime gives it. */
export function fakeLog(source: FakeLogSource, options: LogOptions, signal: AbortSignal): Readable {
  const since = options.since === undefined ? 0 : Date.parse(options.since)
  const known = source.lines.filter(({ at }) => at >= since)
  const first = options.tailLines === undefined ? 0 : Math.max(0, known.length - options.tailLines)
  const output = new Readable({ read: () => undefined, signal })
  const print = ({ at, text }: LogLine) => output.push(options.timestamps ? `${microTimestamp(at)} ${text}` : text)
  for (const line of known.slice(first)) print(line)
  if (options.follow && source.isRunning()) void follow(source, print, output, signal)
  else output.push(null)
  return output
}

async function follow(
  { lines, isRunning, changes }: FakeLogSource,
  print: (line: LogLine) => void,
  output: Readable,
  signal: AbortSignal,
): Promise<void> {
  let told = lines.length
  for await (const _ of changes.subscribe(signal)) {
    for (const line of lines.slice(told)) print(line)
    told = lines.length
    if (!isRunning()) break
  }
  if (!signal.aborted) output.push(null)
}
