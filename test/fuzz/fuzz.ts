import fc from 'fast-check'
import { KINDS } from '../../shared/api/kinds.ts'
import type { ApiHttp, HttpAnswer } from '../support/api-http.ts'
import { type FuzzRequest, fuzzRequest, pathOf } from './requests.ts'
import { sampleBody } from './sample-bodies.ts'

/** A request that the server did not take as it should. */
export interface Finding {
  readonly why: string
  readonly request: FuzzRequest
  readonly answer?: HttpAnswer
}

export interface FuzzOptions {
  readonly api: ApiHttp
  readonly seed: number
  readonly count: number
  /** Of a thousand requests, how many are made to hurt. */
  readonly monsters: number
  /** Nobody else writes: the state may be compared before and after. */
  readonly isAlone: boolean
  readonly onAnswer?: (request: FuzzRequest, answer: HttpAnswer) => void
}

const ANSWER_TIMEOUT_MS = 20_000
const REQUESTS_BETWEEN_SEEDS = 25
const SEEDED_NAMES = ['x', 'y']

/** Sends `count` requests, one after the other, the same for the same seed. Resolves with the first that fails. */
export async function fuzz(options: FuzzOptions): Promise<Finding | undefined> {
  const { api, seed, count, isAlone } = options
  let revision = await seedObjects(api)
  for (const [index, request] of fc.sample(fuzzRequest(options.monsters), { seed, numRuns: count }).entries()) {
    if (index % REQUESTS_BETWEEN_SEEDS === 0) revision = await seedObjects(api)
    const answer = await answerTo(api, request).catch((error: Error) => error)
    if (answer instanceof Error) return { why: `no answer: ${answer.message}`, request }
    options.onAnswer?.(request, answer)
    const wrong = wrongAnswer(request, answer)
    if (wrong) return { why: wrong, request, answer }
    if (!isAlone) continue
    const now = await revisionOf(api)
    const mustNotWrite = answer.status >= 400 || request.path.includes('dryRun=All') || request.method === 'GET'
    if (mustNotWrite && now !== revision) return { why: 'wrote what it should not', request, answer }
    revision = now
  }
  return undefined
}

/** Makes the objects that requests name, where they are missing, and returns the revision. */
async function seedObjects(api: ApiHttp): Promise<string> {
  for (const kind of KINDS) {
    for (const name of SEEDED_NAMES) await api.post(pathOf(kind, 'default', undefined, ''), sampleBody(kind, name))
  }
  return revisionOf(api)
}

/** Of the whole store: every list says it. */
async function revisionOf(api: ApiHttp): Promise<string> {
  const { json } = await api.get('/api/v1/namespaces?limit=1')
  return json.metadata.resourceVersion
}

async function answerTo(api: ApiHttp, { method, path, headers, body }: FuzzRequest): Promise<HttpAnswer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`within ${ANSWER_TIMEOUT_MS} ms`)), ANSWER_TIMEOUT_MS)
  })
  try {
    return await Promise.race([api.send(method, path, { headers, body }), late])
  } finally {
    clearTimeout(timer)
  }
}

const EXPECTED_FAILURES = [501, 503, 504]

function wrongAnswer({ method }: FuzzRequest, { status, text, json }: HttpAnswer): string | undefined {
  if (status < 200 || (status >= 500 && !EXPECTED_FAILURES.includes(status))) return `answered ${status}`
  if (status < 400 || method === 'HEAD') return undefined
  const isStatus = json?.kind === 'Status' && json.status === 'Failure' && json.code === status && json.message !== ''
  return isStatus ? undefined : `refused without a proper Status: ${text.slice(0, 200)}`
}

/** Enough to send it again by hand. */
export function describe({ why, request, answer }: Finding): string {
  const { title, method, path, headers, body } = request
  const shown =
    body.length > 4000
      ? `${body.subarray(0, 4000).toString('latin1')}... (${body.length} bytes)`
      : body.toString('latin1')
  const lines = [why, title, `${method} ${path}`, JSON.stringify(headers), shown]
  return [...lines, answer ? `${answer.status} ${answer.text.slice(0, 2000)}` : ''].join('\n  ')
}
