import type { Clock } from '../../../shared/clock.ts'
import { MAX_USAGE_REPORT_BYTES, parseUsageReport, type UsageReport } from '../../../shared/protocol/usage-report.ts'
import type { Services } from '../services.ts'

/** An agent measures for a second where it was not asked lately. */
const PATIENCE_MS = 5_000

type Needs = Pick<Services, 'nodeStreams' | 'clock' | 'log'>

/** What each of these nodes says that it and its Pods use. Those that are not there, or say nothing in time, are left out. */
export async function usageOfNodes(
  nodeNames: Iterable<string>,
  services: Needs,
  signal: AbortSignal,
): Promise<Map<string, UsageReport>> {
  const asked = [...new Set(nodeNames)].map(async (name) => [name, await usageOfNode(name, services, signal)] as const)
  const answers = await Promise.all(asked)
  return new Map(answers.flatMap(([name, report]) => (report ? [[name, report]] : [])))
}

async function usageOfNode(name: string, services: Needs, signal: AbortSignal): Promise<UsageReport | undefined> {
  const impatience = expiry(services.clock)
  try {
    const either = AbortSignal.any([signal, impatience.signal])
    const stream = await services.nodeStreams.open(name, { kind: 'metrics' }, either)
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const { data } of stream.input) {
      length += data.length
      if (length > MAX_USAGE_REPORT_BYTES) throw new Error('the report is too long')
      chunks.push(data)
    }
    return parseUsageReport(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    if (!signal.aborted) services.log.debug({ err: error, node: name }, 'no metrics from a node')
    return undefined
  } finally {
    impatience.cancel()
  }
}

function expiry(clock: Clock): { signal: AbortSignal; cancel(): void } {
  const controller = new AbortController()
  const timer = clock.after(PATIENCE_MS, () => controller.abort(new Error('the node does not answer')))
  return { signal: controller.signal, cancel: () => timer.cancel() }
}
