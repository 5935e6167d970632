import type { Operation, Version } from './operation.ts'

/** A key with compare-and-swap by revision; an `unknown` write's revision shows only later. */
interface State {
  readonly version: { readonly value: string; readonly revision: number | undefined } | undefined
  /** The highest revision seen so far. */
  readonly newest: number
}

/**
 * The keys whose operations cannot have happened one after the other, each at some time between its call and its answer
 * (linearizability, which may be judged key by key). Wing and Gong's search, with the states already tried remembered.
 */
export function unexplainedKeys(history: readonly Operation[]): string[] {
  const keys = [...new Set(history.map(({ key }) => key))]
  return keys.filter((key) => !isLinearizable(history.filter((operation) => operation.key === key)))
}

function isLinearizable(operations: readonly Operation[]): boolean {
  const tried = new Set<string>()
  const search = (left: readonly Operation[], state: State): boolean => {
    if (left.every(isUnanswered)) return true
    const position = `${left.map(({ invoked }) => invoked).join()} ${JSON.stringify(state)}`
    if (tried.has(position)) return false
    tried.add(position)
    const firstAnswer = Math.min(...left.map(({ returned }) => returned))
    return left.some((operation) => {
      if (operation.invoked > firstAnswer) return false
      const next = after(state, operation)
      return next !== undefined && search(without(left, operation), next)
    })
  }
  return search(operations, { version: undefined, newest: 0 })
}

/** The state after `operation`; undefined where it cannot have been answered so. */
function after(state: State, { call, answer }: Operation): State | undefined {
  switch (answer.type) {
    case 'found':
      return afterFound(state, answer.version)
    case 'absent':
      return state.version ? undefined : state
    case 'refused':
      return call.type !== 'read' && isCurrent(state, call.expected, false) ? undefined : state
    case 'written':
    case 'removed':
    case 'unknown':
      return afterChange(state, call, answer.type === 'written' ? answer.revision : undefined)
  }
}

function afterFound({ version, newest }: State, found: Version): State | undefined {
  if (version?.value !== found.value) return undefined
  if (version.revision === undefined) {
    return found.revision > newest ? { version: found, newest: found.revision } : undefined
  }
  return version.revision === found.revision ? { version, newest } : undefined
}

function afterChange(state: State, call: Operation['call'], revision: number | undefined): State | undefined {
  if (call.type === 'read') return state
  if (!isCurrent(state, call.expected, true)) return undefined
  if (call.type === 'remove') return state.version ? { version: undefined, newest: state.newest } : undefined
  if (revision !== undefined && revision <= state.newest) return undefined
  return { version: { value: call.value, revision }, newest: revision ?? state.newest }
}

/** `inDoubt` where nobody has seen the revision yet. */
function isCurrent({ version }: State, expected: number, inDoubt: boolean): boolean {
  if (version && version.revision === undefined) return expected > 0 && inDoubt
  return (version?.revision ?? 0) === expected
}

function isUnanswered({ answer }: Operation): boolean {
  return answer.type === 'unknown'
}

function without(operations: readonly Operation[], gone: Operation): Operation[] {
  return operations.filter((operation) => operation !== gone)
}
