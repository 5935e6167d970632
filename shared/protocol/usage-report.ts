import { fields, listOf, nonEmptyText, type Shape, whole } from './shape.ts'

/** What an agent answers on a stream of kind `metrics`: one JSON document, and the end. */
export interface UsageReport {
  node: Usage
  /** Pods that run, with all containers of theirs that do. */
  pods: PodUsage[]
}

export interface PodUsage {
  uid: string
  containers: (Usage & { name: string })[]
}

export interface Usage {
  /** Unix milliseconds: the end of the time over which the processor was measured. */
  atMs: number
  windowMs: number
  /** Billionths of a core, on the average. */
  cpuNanoCores: number
  /** What of the memory cannot be taken back. */
  workingSetBytes: number
}

/** A longer report is none. */
export const MAX_USAGE_REPORT_BYTES = 4 * 1024 * 1024

const usage = { atMs: whole(), windowMs: whole(), cpuNanoCores: whole(), workingSetBytes: whole() }
const report: Shape = fields({
  node: fields(usage),
  pods: listOf(fields({ uid: nonEmptyText, containers: listOf(fields({ name: nonEmptyText, ...usage })) })),
})

/** Throws an Error that says what is wrong. */
export function parseUsageReport(json: string): UsageReport {
  const value: unknown = JSON.parse(json)
  const wrong = report(value, 'report')
  if (wrong) throw new Error(wrong)
  return value as UsageReport
}
