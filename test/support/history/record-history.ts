import { isApiError } from '../../../shared/api/api-error.ts'
import { type Random, randomInt } from '../../../shared/random.ts'
import type { Answer, Call, Operation, Version, WatchedEvent } from './operation.ts'

/** Keys with compare-and-swap, however they are reached. Refusals are ApiErrors. */
export interface KeyClient {
  read(key: string): Promise<Version | undefined>
  /** Resolves to the new revision. */
  write(key: string, value: string, expected: number): Promise<number>
  remove(key: string, expected: number): Promise<void>
  /** Everything that changes from now on. */
  watch(signal: AbortSignal): Promise<AsyncIterable<WatchedEvent>>
}

export interface RecordedHistory {
  readonly operations: readonly Operation[]
  readonly events: readonly WatchedEvent[]
}

export interface Workload {
  readonly clients: number
  readonly keys: number
  readonly operationsPerClient: number
  readonly random: Random
}

/** Written last: when a watch has shown it, it has shown everything. */
const LAST_KEY = 'last'
const PATIENCE_MS = 1_000

/** Several clients at once do as they like with a few keys, while one watches. */
export async function recordHistory(client: KeyClient, workload: Workload): Promise<RecordedHistory> {
  const operations: Operation[] = []
  const watching = new AbortController()
  const events: WatchedEvent[] = []
  const seen = collect(await client.watch(watching.signal), events)
  let order = 0
  const perform = async (key: string, call: Call): Promise<Answer> => {
    const invoked = order++
    const answer = await ask(client, key, call)
    const returned = answer.type === 'unknown' ? Number.POSITIVE_INFINITY : order++
    operations.push({ key, invoked, returned, call, answer })
    return answer
  }
  const clients = Array.from({ length: workload.clients }, (_, number) => behave(number, workload, perform))
  await Promise.all(clients)
  await perform(LAST_KEY, { type: 'write', value: 'the end', expected: 0 })
  await Promise.race([seen, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))])
  watching.abort()
  return { operations, events }
}

/** Each remembers what it saw last of a key, right or not, and builds on it. */
async function behave(
  number: number,
  { keys, operationsPerClient, random }: Workload,
  perform: (key: string, call: Call) => Promise<Answer>,
): Promise<void> {
  const known = new Map<string, number>()
  for (let step = 0; step < operationsPerClient; step++) {
    const key = `k${randomInt(random, keys)}`
    const expected = known.get(key) ?? 0
    const choice = random.next()
    let call: Call = { type: 'read' }
    if (choice < 0.5) call = { type: 'write', value: `${number}-${step}`, expected }
    else if (choice < 0.6 && expected > 0) call = { type: 'remove', expected }
    const answer = await perform(key, call)
    if (answer.type === 'written') known.set(key, answer.revision)
    else if (answer.type === 'found') known.set(key, answer.version.revision)
    else if (answer.type !== 'refused') known.delete(key)
  }
}

async function ask(client: KeyClient, key: string, call: Call): Promise<Answer> {
  try {
    switch (call.type) {
      case 'read': {
        const version = await client.read(key)
        return version ? { type: 'found', version } : { type: 'absent' }
      }
      case 'write':
        return { type: 'written', revision: await client.write(key, call.value, call.expected) }
      case 'remove':
        await client.remove(key, call.expected)
        return { type: 'removed' }
    }
  } catch (error) {
    const isRefusal = ['Conflict', 'AlreadyExists', 'NotFound'].some(
      (reason) => isApiError(error) && error.reason === reason,
    )
    return { type: isRefusal ? 'refused' : 'unknown' }
  }
}

async function collect(watch: AsyncIterable<WatchedEvent>, events: WatchedEvent[]): Promise<void> {
  for await (const event of watch) {
    events.push(event)
    if (event.key === LAST_KEY) return
  }
}
