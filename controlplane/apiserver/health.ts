import { ApiError } from '../../shared/api/api-error.ts'
import { type Answer, text } from './http/answer.ts'
import type { Query } from './request/query.ts'

/** One thing that must be in order; resolves, or rejects with what is wrong. */
export interface HealthCheck {
  readonly name: string
  check(): Promise<void> | void
}

const PATHS = ['/healthz', '/livez', '/readyz']
/** That the server answers at all. */
const PING: HealthCheck = { name: 'ping', check: () => {} }

/**
 * `/livez`, `/readyz/etcd` and the like, of `ping` and `checks`; undefined for other paths. `verbose` lists the checks one
 * by one.
 */
export async function healthAnswer(
  path: string,
  query: Query,
  checks: readonly HealthCheck[],
): Promise<Answer | undefined> {
  const [root = '', only] = splitPath(path)
  if (!PATHS.includes(root)) return undefined
  const excluded = query.texts('exclude')
  const wanted = [PING, ...checks].filter(({ name }) => (only === undefined ? !excluded.includes(name) : name === only))
  if (only !== undefined && wanted.length === 0) return undefined
  const results = await Promise.all(wanted.map(runCheck))
  const failed = results.filter(({ isOk }) => !isOk)
  if (failed.length > 0) throw unhealthy(root, results)
  return text(query.flag('verbose') ? `${lines(results)}${root.slice(1)} check passed\n` : 'ok')
}

interface Result {
  readonly name: string
  readonly isOk: boolean
}

function splitPath(path: string): string[] {
  const [, root = '', ...rest] = path.split('/')
  return rest.length > 0 ? [`/${root}`, rest.join('/')] : [`/${root}`]
}

/** What is wrong stays in the server's log: anybody may ask. */
async function runCheck({ name, check }: HealthCheck): Promise<Result> {
  try {
    await check()
    return { name, isOk: true }
  } catch {
    return { name, isOk: false }
  }
}

function lines(results: readonly Result[]): string {
  return results.map(({ name, isOk }) => (isOk ? `[+]${name} ok\n` : `[-]${name} failed: reason withheld\n`)).join('')
}

function unhealthy(root: string, results: readonly Result[]): ApiError {
  return new ApiError('ServiceUnavailable', `${lines(results)}${root.slice(1)} check failed`)
}
